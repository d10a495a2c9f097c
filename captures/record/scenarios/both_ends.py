"""A capture on each of two nodes. See ../../both-ends/README.md."""

from lab.cluster import Cluster


def record(scenario):
    cluster = Cluster(scenario)
    nodes = [cluster.node("node-1"), cluster.node("node-2")]
    cluster.overlay()
    web, api = cluster.pod("shop/web", nodes[0], 10), cluster.pod("shop/api", nodes[1], 10)
    servers = [api.serve(tcp=[8080], udp=[5000, 8125])]
    cluster.count()
    captures = [cluster.any(node) for node in nodes]
    visit = [["connect", api.address, 8080], *[["ask", 300, 700]] * 3, ["close"], ["wait", 0.1]]
    client = web.steps(
        ["udp", api.address, 8125], *[["send", 120], ["wait", 0.01]] * 50,
        *visit * 4,
        ["udp", api.address, 5000], *[["ask", 100, 900]] * 5,
    )
    cluster.conclude(captures, [client], servers)
