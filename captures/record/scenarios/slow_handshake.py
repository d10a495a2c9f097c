"""Handshakes of known length. See ../../slow-handshake/README.md."""

from lab.capture import tcpdump
from lab.distance import apart
from lab.switch import plug, serve, steps

FAR = "203.0.113.9"
# Behind the counting chain (priority 300): every other SYN to 8443 is lost.
LOSSY = """
table inet lossy {
  chain input {
    type filter hook input priority 400
    tcp dport 8443 tcp flags syn numgen inc mod 2 == 0 drop
  }
}
"""


def record(scenario):
    node, boxes = plug(scenario, {"web": ["10.244.1.10/24"], "api": ["10.244.1.11/24"]})
    far = scenario.network.namespace("far")
    apart(node, far, 40)
    node.sysctl("net.ipv4.ip_forward=1")
    node.ip("addr add 10.244.1.1/24 dev cni0")
    node.ip(f"route add {FAR} dev wan0")
    far.ip(f"addr add {FAR}/32 dev wan0")
    far.ip("route add default dev wan0")
    far.run("nft", "-f", "-", stdin=LOSSY)
    for box in boxes.values():
        box.ip("route add default via 10.244.1.1")
    scenario.count(far, [FAR])
    servers = [serve(far, tcp=[443, 8443]), serve(boxes["api"], tcp=[8080])]
    capture = tcpdump(node, "cni0", scenario.path("slow-handshake.pcap"))
    visit = [["ask", 100, 400], ["close"], ["wait", 0.05]]
    clients = [
        steps(boxes["web"], *[["connect", FAR, 443], *visit] * 20, *[["connect", "10.244.1.11", 8080], *visit] * 5,
              *[["connect", FAR, 8443], *visit] * 3),
        steps(far, *[["connect", "10.244.1.11", 8080, 0, FAR], *visit] * 4),
    ]
    scenario.conclude(capture, clients, servers)
