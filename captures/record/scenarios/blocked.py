"""A policy that drops everything between two pods. See ../../blocked/README.md."""

from lab.cluster import Cluster

POLICY = """table ip denied {{
  chain forward {{
    type filter hook forward priority 0
    ip saddr {{ {web}, {near} }} ip daddr {db} drop
  }}
}}
"""


def record(scenario):
    cluster = Cluster(scenario)
    one, two = cluster.node("node-1"), cluster.node("node-2")
    cluster.overlay()
    web, api = cluster.pod("shop/web", one, 10), cluster.pod("shop/api", one, 11)
    db, near = cluster.pod("data/db", two, 10), cluster.pod("data/near", two, 11)
    servers = [db.serve(tcp=[5432], udp=[5353, 8125])]
    two.box.run("nft", "-f", "-", stdin=POLICY.format(web=web.address, near=near.address, db=db.address))
    cluster.count()
    captures = [cluster.any(node) for node in (one, two)]
    # The kernel sends its SYN again every second, at first: five are out by then.
    try_to_connect = [["patience", 5], ["connect", db.address, 5432]]
    clients = [
        # On another node, and on the same.
        web.steps(["udp", db.address, 5353], *[["send", 60], ["wait", 0.05]] * 10, *try_to_connect),
        near.steps(["udp", db.address, 5353], *[["send", 60], ["wait", 0.05]] * 7, *try_to_connect),
        # Allowed, and heard all the time.
        api.steps(["udp", db.address, 8125], *[["ask", 40, 40], ["wait", 0.4]] * 22,
                  *[["connect", db.address, 5432], ["ask", 100, 300], ["close"]] * 2),
    ]
    cluster.conclude(captures, clients, servers)
