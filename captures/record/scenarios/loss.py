"""Packets lost between two nodes. See ../../loss/README.md."""

from lab.cluster import Cluster

# In turn, from the first packet on: lost at the switch, on the way to node-2.
LOSS = """table bridge loss {{
  chain forward {{
    type filter hook forward priority 0
    oifname != "node-2" accept
    ip daddr {api} udp dport 8125 numgen inc mod 5 != {{ 1, 3 }} drop
    ip daddr {api} tcp dport 8080 numgen inc mod 7 == 4 drop
    ip daddr {api} udp dport 9999 drop
    ip daddr {api} tcp dport 9000 drop
  }}
}}
"""


def record(scenario):
    cluster = Cluster(scenario)
    nodes = [cluster.node("node-1"), cluster.node("node-2")]
    cluster.plain_routes()
    web, api = cluster.pod("shop/web", nodes[0], 10), cluster.pod("shop/api", nodes[1], 10)
    probe = cluster.pod("shop/probe", nodes[0], 11)
    servers = [api.serve(tcp=[8080, 9000], udp=[5000, 8125, 9999])]
    cluster.fabric.run("nft", "-f", "-", stdin=LOSS.format(api=api.address))
    cluster.count()
    captures = [cluster.any(node) for node in nodes]
    client = web.steps(
        ["udp", api.address, 8125], *[["send", 120], ["wait", 0.01]] * 50,
        ["connect", api.address, 8080], *[["ask", 200, 600], ["wait", 0.02]] * 15, ["close"],
        ["udp", api.address, 9999], *[["send", 80], ["wait", 0.01]] * 12,
        # The kernel sends its SYN again after 1 and 3 seconds, then the client gives up.
        ["connect", api.address, 9000],
    )
    # Heard all the time, so that silence elsewhere is silence.
    pulse = probe.steps(["udp", api.address, 5000], *[["ask", 40, 40], ["wait", 0.4]] * 25)
    cluster.conclude(captures, [client, pulse], servers)
