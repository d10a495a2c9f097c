"""UDP with nothing to tell client from server but ports, order and services. See ../../udp/README.md."""

from lab.capture import tcpdump
from lab.scenario import times
from lab.switch import plug, serve, steps

SINK = "10.244.1.11"


def record(scenario):
    node, boxes = plug(scenario, {"sender": ["10.244.1.10/24"], "sink": [f"{SINK}/24"]})
    boxes["sender"].ip("route add 224.0.0.0/4 dev eth0")
    server = serve(boxes["sink"], udp=[50001, 40125, 123, 31000])
    capture = tcpdump(node, "cni0", scenario.path("udp.pcap"))
    client = steps(
        boxes["sender"],
        ["udp", SINK, 50001, 45000], *[["ask", 300, 900], ["wait", 0.2]] * 10,
        ["udp", SINK, 40125, 36000], *[["send", 90]] * 20,
        ["udp", SINK, 123, 123], *[["ask", 48, 48], ["wait", 0.3]] * 3,
        ["udp", SINK, 31000, 33000], *[["ask", 100, 200]] * 4,
        ["udp", "224.0.0.251", 5353], ["send", 40], ["send", 40],
    )
    # Nobody has joined the group: what is sent to it is delivered to no one.
    unasked = lambda flow: times(None, None) if flow["server"]["ip"].startswith("224.") else times(1, 1)  # noqa: E731
    scenario.conclude(capture, [client], [server], unasked)
