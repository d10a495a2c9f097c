"""A mirror port that copies both directions of every port. See ../../mirror-port/README.md."""

from lab.capture import tcpdump
from lab.mirror import mirror, span
from lab.scenario import times
from lab.switch import plug, serve, steps


def record(scenario):
    node, boxes = plug(scenario, {"web": ["10.244.1.10/24"], "api": ["10.244.1.11/24"]})
    tap = span(scenario.network)
    # In at the sender's port, and out at the receiver's: two copies of everything.
    both_ways = [(hook, port, "") for port in ("veth0", "veth1") for hook in ("ingress", "egress")]
    mirror(scenario.network, node, tap, both_ways)
    server = serve(boxes["api"], tcp=[8080], udp=[5000])
    capture = tcpdump(tap, "span0", scenario.path("mirror-port.pcap"))
    visit = [["ask", 300, 3000], ["close"], ["wait", 0.1]]
    client = steps(boxes["web"], *[["connect", "10.244.1.11", 8080], *visit] * 5,
                   ["udp", "10.244.1.11", 5000], *[["ask", 100, 400]] * 4)
    scenario.conclude(capture, [client], [server], lambda _flow: times(2, 2))
