"""The same five-tuple again, within seconds. See ../../port-reuse/README.md."""

from lab.capture import tcpdump
from lab.switch import plug, serve, steps

SERVER, PORT = "10.244.1.11", 40000


def record(scenario):
    node, boxes = plug(scenario, {"client": ["10.244.1.10/24"], "server": [f"{SERVER}/24"]})
    # The server ends first, so that the client's port is free at once.
    server = serve(boxes["server"], tcp={8080: {"close_after": 2}}, udp=[5000])
    capture = tcpdump(node, "cni0", scenario.path("port-reuse.pcap"))
    client = steps(
        boxes["client"],
        ["connect", SERVER, 8080, PORT], ["ask", 100, 1000], ["ask", 100, 1000], ["read_to_end"], ["close"],
        ["wait", 1],
        ["connect", SERVER, 8080, PORT], ["ask", 200, 2000], ["abort"],
        ["wait", 7],
        ["connect", SERVER, 8080, PORT], ["ask", 300, 3000],
        ["udp", SERVER, 5000, 40001], ["ask", 50, 50], ["close"], ["wait", 2],
        ["udp", SERVER, 5000, 40001], ["ask", 60, 60], ["hold"],
    )
    scenario.conclude(capture, [client], [server])
