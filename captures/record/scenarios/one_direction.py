"""A tap that sees one direction only. See ../../one-direction/README.md."""

from lab.capture import tcpdump
from lab.scenario import times
from lab.switch import plug, serve, steps

CLIENT, SERVER = "10.244.1.10", "10.244.1.11"


def record(scenario):
    node, boxes = plug(scenario, {"client": [f"{CLIENT}/24"], "server": [f"{SERVER}/24"]})
    servers = [serve(boxes["server"], tcp=[8080], udp=[5000]), serve(boxes["client"], tcp=[9000])]
    # veth0 is the client's port: what comes in there was sent by the client.
    capture = tcpdump(node, "veth0", scenario.path("one-direction.pcap"), "-Q", "in")
    visit = [["ask", 300, 5000], ["close"], ["wait", 0.1]]
    clients = [
        steps(boxes["client"], *[["connect", SERVER, 8080], *visit] * 4, ["udp", SERVER, 5000],
              *[["ask", 100, 400]] * 5),
        steps(boxes["server"], *[["connect", CLIENT, 9000], *visit] * 2),
    ]
    sent_by_client = lambda flow: times(*((1, 0) if flow["client"]["ip"] == CLIENT else (0, 1)))  # noqa: E731
    scenario.conclude(capture, clients, servers, sent_by_client)
