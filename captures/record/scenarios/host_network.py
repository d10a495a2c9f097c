"""Pods that share a node's network, beside the node's own programs. See ../../host-network/README.md."""

from lab.cluster import Cluster


def record(scenario):
    cluster = Cluster(scenario)
    one, two = cluster.node("node-1"), cluster.node("node-2")
    cluster.overlay()
    prometheus = cluster.pod("monitoring/prometheus", one, 10)
    api = cluster.pod("shop/api", two, 10)
    exporters = [
        cluster.guest("monitoring/node-exporter-4kz7m", one, [("tcp", 9100)]),
        cluster.guest("monitoring/node-exporter-tw9xh", two, [("tcp", 9100)]),
    ]
    proxy = cluster.guest("edge/proxy", two, [("tcp", 8443), ("udp", 8443)])
    servers = [
        *(each.serve(tcp=[9100]) for each in exporters), proxy.serve(tcp=[8443], udp=[8443], address=two.address),
        # kubelet: a program of the node.
        one.serve(tcp=[10250]), two.serve(tcp=[10250]), api.serve(tcp=[8080]),
    ]
    cluster.count()
    captures = [cluster.any(node) for node in cluster.nodes]
    visit = [["ask", 200, 900], ["close"], ["wait", 0.05]]
    clients = [
        prometheus.steps(*[step for node in (one, two) for port, times in ((9100, 3), (10250, 2))
                           for _ in range(times) for step in (["connect", node.address, port], *visit)],
                         ["connect", two.address, 8443], *visit, ["udp", two.address, 8443], *[["ask", 50, 60]] * 4),
        # Whose connection it is cannot be told from packets: a port of no one.
        proxy.steps(*[["connect", api.address, 8080], *visit] * 3),
        # From node to node.
        one.steps(*[["connect", two.address, 9100], *visit] * 2),
    ]
    cluster.conclude(captures, clients, servers)
