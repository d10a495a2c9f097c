"""A service reached from outside, through a port of a node. See ../../node-port/README.md."""

from lab.cluster import Cluster

CLIENT = "203.0.113.9"


def record(scenario):
    cluster = Cluster(scenario)
    one, two = cluster.node("node-1"), cluster.node("node-2")
    cluster.plain_routes()
    api = cluster.pod("shop/api", two, 10)
    web = cluster.pod("shop/web", one, 10)
    cluster.service("shop/api", "10.96.14.20", [("tcp", 80, 8080)], [api], node_port=30080)
    outside = cluster.world(CLIENT)
    servers = [api.serve(tcp=[8080]), two.serve(tcp=[10250])]
    cluster.count()
    captures = [cluster.any(node) for node in cluster.nodes]
    visit = [["ask", 200, 600], ["ask", 150, 500], ["close"], ["wait", 0.05]]
    clients = [
        # Translated at both ends by node-1, which sends it on to node-2; and by node-2 itself.
        outside.steps(*[["connect", one.address, 30080, 0, CLIENT], *visit] * 4,
                      *[["connect", two.address, 30080, 0, CLIENT], *visit] * 3,
                      # Not a service's.
                      ["connect", two.address, 10250, 0, CLIENT], *visit),
        # The node itself calls the pod from the address that translated clients have.
        two.steps(*[["connect", api.address, 8080], *visit] * 2),
        web.steps(*[["connect", "10.96.14.20", 80], *visit] * 2),
    ]
    cluster.conclude(captures, clients, servers)
