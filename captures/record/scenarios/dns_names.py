"""Addresses that clients know by name. See ../../dns-names/README.md."""

from lab.capture import tcpdump
from lab.switch import beyond, plug, serve, steps

NAMES = "198.51.100.53"
EDGE, MOVED, FEED, POOL, HUGE = "203.0.113.9", "203.0.113.20", "203.0.113.30", "203.0.113.100", "192.0.2.45"
ZONE = {
    "www.shop.example": {"alias": "shop.edge.example", "ttl": 60},
    "shop.edge.example": {"addresses": [EDGE], "ttl": 30},
    "api.bank.example": {"addresses": [EDGE], "ttl": 30},
    "flash.example": {"addresses": [MOVED], "ttl": 2},
    "next.example": {"addresses": [MOVED], "ttl": 2},
    "feed.example": {"addresses": [FEED], "ttl": 1},
    # Neither fits into 512 octets; one fits into a segment, the other does not.
    "pool.example": [f"203.0.113.{n}" for n in range(100, 140)],
    "huge.example": [f"192.0.2.{n}" for n in range(1, 201)],
}


def record(scenario):
    node, boxes = plug(scenario, {
        "coredns": ["10.244.1.2/24"], "web": ["10.244.1.10/24"], "worker": ["10.244.1.11/24"],
    })
    outside = beyond(scenario, node, boxes, "10.244.1.1/24", [NAMES, EDGE, MOVED, FEED, POOL, HUGE])
    servers = [
        outside.program("dns_server.py", {"zone": ZONE, "address": NAMES}, name="outside DNS"),
        boxes["coredns"].program("dns_server.py", {"forward": NAMES}),
        serve(outside, tcp=[443, 8443, 9443]),
    ]
    outside.listens("tcp", 53)
    boxes["coredns"].listens("tcp", 53)
    capture = tcpdump(node, "cni0", scenario.path("dns-names.pcap"))
    visit = [["ask", 300, 5000], ["close"]]
    clients = [
        steps(boxes["web"], ["resolver", "10.244.1.2", []],
              ["lookup", "www.shop.example"], *[["connect", EDGE, 443], *visit] * 2,
              ["lookup", "flash.example"], ["connect", MOVED, 443], *visit, ["wait", 9],
              ["connect", MOVED, 8443], *visit,
              ["lookup", "next.example"], ["connect", MOVED, 9443], *visit),
        steps(boxes["web"], ["resolver", "10.244.1.2", []], ["lookup", "feed.example"], ["connect", FEED, 443],
              *[["ask", 100, 400], ["wait", 5]] * 6, ["close"], name="web's feed"),
        steps(boxes["worker"], ["resolver", NAMES, []],
              ["lookup", "API.Bank.example"], ["connect", EDGE, 443], *visit,
              ["lookup", "pool.example"], ["connect", POOL, 443], *visit,
              ["lookup", "huge.example"], ["connect", HUGE, 443], *visit),
    ]
    scenario.conclude(capture, clients, servers)
