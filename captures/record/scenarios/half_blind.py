"""A node that hands packets to its pods past their interfaces. See ../../half-blind/README.md."""

from lab.cluster import Cluster


def record(scenario):
    cluster = Cluster(scenario)
    one, two = cluster.node("node-1"), cluster.node("node-2", routed=True)
    cluster.plain_routes()
    web = cluster.pod("shop/web", one, 10)
    api = cluster.pod("shop/api", two, 10, port="lxc10")
    store = cluster.pod("shop/store", two, 11, port="lxc11")
    servers = [api.serve(tcp=[8080], udp=[5000, 8125]), store.serve(tcp=[5432]), web.serve(udp=[6000])]
    redirect = two.box.program(
        "redirect.py", {pod.address: pod.port for pod in (api, store)}, 0, "eth0", api.port, store.port, name="redirect")
    if redirect.process.stdout.readline() != b"redirecting\n":
        raise RuntimeError("node-2 redirects nothing")
    cluster.count()
    captures = [cluster.any(node) for node in cluster.nodes]
    for pod in (api, store):
        pod.points[scenario]["blind"] = "to the pod"
    visit = [["ask", 200, 600], ["ask", 150, 500], ["close"], ["wait", 0.05]]
    clients = [
        web.steps(*[["connect", api.address, 8080], *visit] * 4, ["udp", api.address, 5000], *[["ask", 90, 300]] * 5,
                  ["udp", api.address, 8125], *[["send", 60]] * 8),
        # Between two such pods, and from one to the outside of its node.
        api.steps(*[["connect", store.address, 5432], *visit] * 3, ["udp", web.address, 6000], *[["ask", 70, 80]] * 6),
    ]
    cluster.conclude(captures, clients, servers)
    redirect.stop()
