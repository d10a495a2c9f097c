"""Names asked over UDP and TCP. See ../../dns/README.md."""

from lab.capture import tcpdump
from lab.switch import plug, steps

SERVER = "10.244.1.2"
SEARCH = ["shop.svc.cluster.local", "svc.cluster.local", "cluster.local"]


def record(scenario):
    node, boxes = plug(scenario, {
        "coredns": [f"{SERVER}/24"], "web": ["10.244.1.10/24"], "worker": ["10.244.1.11/24"],
    })
    zone = {
        "web.shop.svc.cluster.local": ["10.244.1.10"],
        "api.shop.svc.cluster.local": ["10.244.1.20", "fd00:10:244:1::20"],
        "pay.example": ["203.0.113.10"],
        # Forty addresses do not fit into 512 octets: asked again over TCP.
        "shards.shop.svc.cluster.local": [f"10.244.2.{n}" for n in range(1, 41)],
    }
    server = boxes["coredns"].program("dns_server.py", {"zone": zone})
    boxes["coredns"].listens("tcp", 53)
    capture = tcpdump(node, "cni0", scenario.path("dns.pcap"))
    ask = ["resolver", SERVER, SEARCH]
    clients = [
        steps(boxes["web"], ask, *[["lookup", "api"], ["wait", 0.2]] * 10, ["lookup", "pay.example"],
              ["lookup", "no-such-name"]),
        steps(boxes["worker"], ask, ["lookup", "web.shop"], ["lookup", "shards"], ["wait", 1.5], ["lookup", "web.shop"]),
    ]
    scenario.conclude(capture, clients, [server])
