"""The same traffic as one `any` capture a node, in both link types, and as one capture a pod.

Records any-sll2, any-sll1 and any-pods at once. See ../../any-sll2/README.md.
"""

from lab.cluster import Cluster
from lab.scenario import Scenario


def record(scenario):
    cluster = Cluster(scenario)
    bridged, routed = cluster.node("node-1"), cluster.node("node-2", routed=True)
    cluster.overlay()
    web, api = cluster.pod("shop/web", bridged, 10), cluster.pod("shop/api", bridged, 11)
    cart = cluster.pod("shop/cart", routed, 10, port="cali10")
    store = cluster.pod("shop/store", routed, 11, port="cali11")
    servers = [
        api.serve(tcp=[8080]), cart.serve(tcp=[8080], udp=[5000]), store.serve(tcp=[5432], udp=[8125]),
        web.serve(udp=[6000]),
    ]
    cluster.count()
    older, pods = (Scenario(scenario.folder.with_name(name), cluster.network) for name in ("any-sll1", "any-pods"))
    # Every capture is open before the first packet.
    captures = [cluster.any(node) for node in cluster.nodes]
    captures += [cluster.any(node, "LINUX_SLL", scenario=older) for node in cluster.nodes]
    captures += [cluster.inside(pod, pods) for pod in cluster.pods]
    visit = [["ask", 200, 600], ["close"], ["wait", 0.05]]
    clients = [
        # Same node, bridged; across; across and without an answer.
        web.steps(
            *[["connect", api.address, 8080], *visit] * 4, *[["connect", cart.address, 8080], *visit] * 3,
            ["udp", store.address, 8125], *[["send", 60]] * 10,
        ),
        # Same node, routed; across, the other way round.
        cart.steps(
            *[["connect", store.address, 5432], *visit] * 4, ["udp", web.address, 6000], *[["ask", 80, 160]] * 5,
        ),
        api.steps(["udp", cart.address, 5000], *[["ask", 100, 300]] * 6),
    ]
    cluster.conclude(captures, clients, servers)
