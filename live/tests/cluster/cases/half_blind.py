"""A node that hands packets to its pods past their interfaces: what is seen of them, and a warning."""

from account import place, settled
from lab.cluster import Cluster


def run(trial):
    cluster = Cluster(trial)
    one, two = cluster.node("node-1"), cluster.node("node-2", routed=True)
    cluster.plain_routes()
    web = cluster.pod("shop/web", one, 10)
    api = cluster.pod("shop/api", two, 10, port="lxc10")
    store = cluster.pod("shop/store", two, 11, port="lxc11")
    for pod in (web, api, store):
        pod.serve(tcp=[8080], udp=[5000])
    redirect = two.box.program(
        "redirect.py", {pod.address: pod.port for pod in (api, store)}, 0, "eth0", api.port, store.port)
    if redirect.process.stdout.readline() != b"redirecting\n":
        raise RuntimeError("node-2 redirects nothing")
    place(cluster)
    lives = [trial.live(cluster, node) for node in cluster.nodes]
    cluster.count()
    visit = [["ask", 200, 600], ["ask", 150, 500], ["close"], ["wait", 0.05]]
    clients = [
        web.steps(*[["connect", api.address, 8080], *visit] * 4, ["udp", api.address, 5000], *[["ask", 90, 300]] * 5,
                  *[["send", 60]] * 8),
        api.steps(*[["connect", store.address, 8080], *visit] * 3, ["udp", web.address, 5000], *[["ask", 70, 80]] * 6),
    ]
    for client in clients:
        client.finished()
    wrong = settled(cluster, lives)
    for live, blind in zip(lives, ((), (api, store))):
        warnings = live.flows()["coverage"]["warnings"]
        told = {pod.ref for pod in cluster.pods for warning in warnings if f": {pod.port}: shows only" in warning}
        if told != {pod.ref for pod in blind}:
            wrong.append(f"{live.node.ref}: half-blind interfaces of {told or 'nobody'} in {warnings}")
    redirect.stop()
    return wrong
