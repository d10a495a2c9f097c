"""Two links between two machines, and routes of equal cost over both. See ../../two-ways/README.md."""

from lab.capture import dumpcap
from lab.switch import serve, steps

NEAR, FAR = "192.0.2.1", "192.0.2.2"
LINKS = ("eth0", "eth1")


def record(scenario):
    client, server = (scenario.network.namespace(name, router=True) for name in ("client", "server"))
    for number, link in enumerate(LINKS):
        scenario.network.cable(client, link, server, link)
        for box, last in ((client, 1), (server, 2)):
            box.ip(f"addr add 198.51.100.{4 * number + last}/30 dev {link}")
    for box, own, other, gateway in ((client, NEAR, FAR, 2), (server, FAR, NEAR, 1)):
        # Which link a packet takes is by its ports, and each side's own choice; none is refused
        # for coming by the other one.
        box.sysctl("net.ipv4.fib_multipath_hash_policy=1",
                   *(f"net.ipv4.conf.{name}.rp_filter=0" for name in ("all", *LINKS)))
        box.ip(f"addr add {own}/32 dev lo")
        hops = " ".join(f"nexthop via 198.51.100.{4 * number + gateway}" for number in range(len(LINKS)))
        box.ip(f"route add {other}/32 src {own} {hops}")
        scenario.count(box, [own])
    servers = [serve(server, tcp=[8080], udp=[5000], address=FAR)]
    capture = dumpcap(client, list(LINKS), scenario.path("two-ways.pcapng"))
    visit = [["ask", 300, 3000], ["close"], ["wait", 0.02]]
    clients = [steps(client, *[["connect", FAR, 8080], *visit] * 16,
                     *[["udp", FAR, 5000], ["ask", 100, 400], ["close"]] * 16)]
    scenario.conclude(capture, clients, servers)
