"""All interfaces of a node at once, as `tcpdump -i any` sees them. See ../../node-any/README.md."""

from lab.capture import tcpdump
from lab.scenario import times
from lab.switch import beyond, plug, serve, steps

LINK_TYPE = "LINUX_SLL2"
OUTSIDE = "203.0.113.9"


def record(scenario, link_type=LINK_TYPE):
    node, boxes = plug(scenario, {"web": ["10.244.1.10/24"], "api": ["10.244.1.11/24"]})
    outside = beyond(scenario, node, boxes, "10.244.1.1/24", [OUTSIDE])
    servers = [
        serve(boxes["web"], tcp=[8080]), serve(boxes["api"], tcp=[8080]), serve(outside, tcp=[443]),
        serve(node, tcp=[10248]),
    ]
    scenario.count(node, ["10.244.1.1", "127.0.0.1"], name="node-1")
    capture = tcpdump(node, "any", scenario.path(f"{scenario.folder.name}.pcap"), "-y", link_type)
    visit = [["ask", 300, 3000], ["close"], ["wait", 0.1]]
    clients = [
        steps(boxes["web"], *[["connect", "10.244.1.11", 8080], *visit] * 4, *[["connect", OUTSIDE, 443], *visit] * 2),
        steps(node, *[["connect", "10.244.1.10", 8080], *visit] * 2, ["connect", "127.0.0.1", 10248], *visit),
    ]
    # Each packet is there once for every interface it passes, so the check is left out.
    scenario.conclude(capture, clients, servers, lambda _flow: times(None, None))
