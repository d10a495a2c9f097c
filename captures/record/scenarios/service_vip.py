"""Service addresses, translated on the client's node. See ../../service-vip/README.md."""

from lab.cluster import Cluster

DNS, API = "10.96.0.10", "10.96.14.20"
DOMAIN = "shop.svc.cluster.local"


def record(scenario):
    cluster = build(scenario)
    web, cart, first, second, dns = cluster.pods
    zone = {f"api.{DOMAIN}": [API], f"many.{DOMAIN}": [f"10.244.9.{n}" for n in range(1, 60)]}
    servers = [first.serve(tcp=[8080]), second.serve(tcp=[8080]), dns.box.program("dns_server.py", {"zone": zone})]
    dns.box.listens("udp", 53)
    dns.listens |= {("udp", 53), ("tcp", 53)}
    cluster.count()
    captures = [cluster.any(node) for node in cluster.nodes]
    visit = [["ask", 200, 600], ["ask", 150, 500], ["close"], ["wait", 0.05]]
    clients = [
        web.steps(
            ["resolver", DNS, []], ["lookup", f"api.{DOMAIN}"], ["lookup", f"nobody.{DOMAIN}"],
            *[["connect", API, 80], *visit] * 6,
            # The same pods by their own addresses: not the service's traffic.
            *[["connect", first.address, 8080], *visit] * 2, *[["connect", second.address, 8080], *visit] * 2,
            ["lookup", f"api.{DOMAIN}"],
        ),
        cart.steps(
            # Too long for a datagram: asked again over TCP.
            ["resolver", DNS, []], ["lookup", f"many.{DOMAIN}"], *[["connect", API, 80], *visit] * 4,
            ["resolver", dns.address, []], ["lookup", f"api.{DOMAIN}"],
        ),
    ]
    cluster.conclude(captures, clients, servers)


def build(scenario):
    """web and a backend on a node with a bridge; cart, the other backend and DNS on one with routes."""
    cluster = Cluster(scenario)
    one, two = cluster.node("node-1"), cluster.node("node-2", routed=True)
    cluster.overlay()
    cluster.pod("shop/web", one, 10)
    cluster.pod("shop/cart", two, 10, port="cali10")
    backends = [cluster.pod("shop/api-1", one, 11), cluster.pod("shop/api-2", two, 11, port="cali11")]
    dns = cluster.pod("kube-system/dns", two, 2, port="cali2")
    cluster.service("shop/api", API, [("tcp", 80, 8080)], backends)
    cluster.service("kube-system/kube-dns", DNS, [("udp", 53, 53), ("tcp", 53, 53)], [dns])
    return cluster
