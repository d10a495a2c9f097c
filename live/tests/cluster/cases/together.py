"""Pods behind a bridge and routed ones, in both families, by address and by service: no loss."""

from account import place, settled
from lab.cluster import Cluster

API_V4, API_V6, DNS = "10.96.14.20", "fd00:10:96::20", "10.96.0.10"
DOMAIN = "shop.svc.cluster.local"


def run(trial):
    cluster = Cluster(trial, ipv6=True)
    bridged, routed = cluster.node("node-1"), cluster.node("node-2", routed=True)
    cluster.overlay()
    web, api = cluster.pod("shop/web", bridged, 10), cluster.pod("shop/api", bridged, 11)
    cart = cluster.pod("shop/cart", routed, 10, port="cali10")
    store = cluster.pod("shop/store", routed, 11, port="cali11")
    dns = cluster.pod("kube-system/dns", routed, 12, port="cali12")
    ports = [("tcp", 80, 8080), ("udp", 5000, 5000)]
    cluster.service("shop/cart", API_V4, ports, [cart])
    cluster.service("shop/cart-v6", API_V6, ports, [cart])
    cluster.service("kube-system/dns", DNS, [("udp", 53, 53), ("tcp", 53, 53)], [dns])
    for pod in (web, api, cart, store):
        pod.serve(tcp=[8080], udp=[5000], address="::")
    zone = {f"cart.{DOMAIN}": [API_V4]}
    dns.box.program("dns_server.py", {"zone": zone})
    dns.box.listens("udp", 53)
    dns.listens |= {("udp", 53), ("tcp", 53)}
    place(cluster)
    lives = [trial.live(cluster, node) for node in cluster.nodes]
    cluster.count()
    visit = [["ask", 200, 600], ["ask", 150, 5000], ["close"], ["wait", 0.02]]

    def calls(pod, others, family):
        for other in others:
            address = other.addresses[family]
            yield pod.steps(*[["connect", address, 8080], *visit] * 4)
            yield pod.steps(["udp", address, 5000], *[["ask", 80, 160], ["send", 60]] * 6)

    clients = []
    for family in (0, 1):
        clients += calls(web, [api, cart], family)
        clients += calls(cart, [store, api], family)
        clients += calls(store, [web], family)
    for address in (API_V4, API_V6):
        clients += [
            web.steps(*[["connect", address, 80], *visit] * 5),
            api.steps(["udp", address, 5000], *[["ask", 100, 300]] * 5),
            store.steps(*[["connect", address, 80], *visit] * 3),
        ]
    clients.append(api.steps(["resolver", DNS, []], *[["lookup", f"cart.{DOMAIN}"]] * 4))
    for client in clients:
        client.finished()
    return settled(cluster, lives)
