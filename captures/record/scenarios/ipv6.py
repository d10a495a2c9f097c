"""Pods with two addresses each, and link-local ones. See ../../ipv6/README.md."""

from lab.capture import tcpdump
from lab.switch import plug, serve, steps


def record(scenario):
    node, boxes = plug(scenario, {
        "web": ["fd00:10:244:1::a/64", "10.244.1.10/24", "fe80::a/64"],
        "api": ["fd00:10:244:1::b/64", "10.244.1.11/24", "fe80::b/64"],
    }, ipv6=True)
    server = serve(boxes["api"], tcp=[8080], udp=[5000], address="::")
    capture = tcpdump(node, "cni0", scenario.path("ipv6.pcap"))
    exchange = [["ask", 300, 4000], ["ask", 200, 100], ["close"], ["wait", 0.3]]
    client = steps(
        boxes["web"],
        *[["connect", "fd00:10:244:1::b", 8080], *exchange] * 3,
        *[["connect", "10.244.1.11", 8080], *exchange] * 2,
        ["udp", "fd00:10:244:1::b", 5000], *[["ask", 60, 500]] * 5,
        ["connect", "fe80::b%eth0", 8080], *exchange,
    )
    scenario.conclude(capture, [client], [server])
