"""Only the first 54 octets of each frame. See ../../snaplen/README.md."""

from lab.capture import tcpdump
from lab.scenario import times
from lab.switch import plug, serve, steps


def record(scenario):
    node, boxes = plug(scenario, {
        "web": ["fd00:10:244:1::a/64", "10.244.1.10/24"], "api": ["fd00:10:244:1::b/64", "10.244.1.11/24"],
    }, ipv6=True)
    server = serve(boxes["api"], tcp=[8080], udp=[5000], address="::")
    capture = tcpdump(node, "cni0", scenario.path("snaplen.pcap"), "-s", "54")
    visit = [["ask", 400, 20000], ["close"], ["wait", 0.1]]
    client = steps(
        boxes["web"],
        *[["connect", "10.244.1.11", 8080], *visit] * 3,
        ["udp", "10.244.1.11", 5000], *[["ask", 600, 1200]] * 4,
        ["connect", "fd00:10:244:1::b", 8080], *visit,
    )
    # 14 + 40 octets end where the ports of TCP over IPv6 begin: tshark and we see none.
    ipv6_is_cut = lambda flow: times(0, 0) if ":" in flow["client"]["ip"] else times(1, 1)  # noqa: E731
    scenario.conclude(capture, [client], [server], ipv6_is_cut)
