"""Pods that call the outside, and one that is called from there. See ../../egress/README.md."""

from lab.capture import tcpdump
from lab.switch import beyond, plug, serve, steps

OUTSIDE = ["203.0.113.9", "198.51.100.53", "198.51.100.80", "192.0.2.45"]


def record(scenario):
    node, boxes = plug(scenario, {"web": ["10.244.1.10/24"], "mailer": ["10.244.1.11/24"]})
    outside = beyond(scenario, node, boxes, "10.244.1.1/24", OUTSIDE)
    names = outside.program("dns_server.py", {"zone": {"cdn.example": [OUTSIDE[0]]}, "address": OUTSIDE[1]},
                            name="outside DNS")
    outside.listens("udp", 53)
    servers = [serve(outside, tcp=[443, 25]), serve(boxes["web"], tcp=[8080]), names]
    capture = tcpdump(node, "cni0", scenario.path("egress.pcap"))
    visit = [["ask", 300, 5000], ["close"], ["wait", 0.1]]
    clients = [
        steps(boxes["web"], ["resolver", OUTSIDE[1], []], *[["lookup", "cdn.example"]] * 3,
              *[["connect", "203.0.113.9", 443], *visit] * 4,
              *[["connect", "198.51.100.80", 443], *visit] * 2),
        steps(boxes["mailer"], ["connect", "198.51.100.80", 25], ["ask", 30000, 200], ["close"]),
        steps(outside, *[["connect", "10.244.1.10", 8080, 0, "192.0.2.45"], *visit] * 3),
    ]
    scenario.conclude(capture, clients, servers)
