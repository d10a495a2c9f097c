"""A pod that calls its own service and gets itself. See ../../hairpin/README.md."""

from lab.cluster import Cluster

ALONE, BOTH = "10.96.14.20", "10.96.14.21"


def record(scenario):
    cluster = Cluster(scenario)
    bridged, routed = cluster.node("node-1"), cluster.node("node-2", routed=True)
    cluster.overlay()
    api = cluster.pod("shop/api", bridged, 10)
    web = cluster.pod("shop/web", bridged, 11)
    cart = cluster.pod("shop/cart", routed, 10, port="cali10")
    for pod in (api, web):
        # As kubelet does: a frame may leave by the port it came in.
        bridged.box.run("bridge", "link", "set", "dev", pod.port, "hairpin", "on")
    cluster.service("shop/api", ALONE, [("tcp", 80, 8080)], [api])
    cluster.service("shop/all", BOTH, [("tcp", 80, 8080)], [cart, api])
    servers = [api.serve(tcp=[8080]), cart.serve(tcp=[8080])]
    cluster.count()
    captures = [cluster.any(node) for node in cluster.nodes]
    visit = [["ask", 200, 600], ["ask", 150, 500], ["close"], ["wait", 0.05]]
    clients = [
        api.steps(*[["connect", ALONE, 80], *visit] * 3, *[["connect", BOTH, 80], *visit] * 4),
        cart.steps(*[["connect", BOTH, 80], *visit] * 4),
        web.steps(*[["connect", ALONE, 80], *visit] * 2),
    ]
    cluster.conclude(captures, clients, servers)
