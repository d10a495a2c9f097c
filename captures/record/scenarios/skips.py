"""Packets that are no flow, and one that is. See ../../skips/README.md."""

from lab.capture import tcpdump
from lab.switch import plug, serve, steps

TARGET = "10.244.1.11"
ECHO, SCTP, ESP, EXPERIMENT = 1, 132, 50, 253
# Type 8, code 0, checksum, identifier 1, sequence 1 and 8 octets: answered by the kernel.
ECHO_REQUEST = "0800f7fd00010001" + "00" * 8
# An SCTP INIT (RFC 9260, section 3.3.2) from port 36412 to 36412.
SCTP_INIT = "8e3c8e3c00000000000000000100001400000001000100000001000100000001"


def record(scenario):
    node, boxes = plug(scenario, {"prober": ["10.244.1.10/24"], "target": [f"{TARGET}/24"]})
    # A spanning tree makes the bridge send LLC frames every two seconds.
    node.ip("link set cni0 type bridge stp_state 1 forward_delay 200 hello_time 200")
    server = serve(boxes["target"], tcp=[8080])
    capture = tcpdump(node, "veth0", scenario.path("skips.pcap"))
    packets = [
        {"to": TARGET, "protocol": protocol, "hex": payload}
        for protocol, payload in ((ECHO, ECHO_REQUEST), (SCTP, SCTP_INIT), (ESP, "0000100100000001" + "5a" * 24),
                                  (EXPERIMENT, "00" * 16))
        for _ in range(3)
    ]
    clients = [
        steps(boxes["prober"], ["wait", 5], ["connect", TARGET, 8080], ["ask", 100, 100], ["close"], ["wait", 1]),
    ]
    clients[0].finished()
    clients.append(boxes["prober"].program("raw_packets.py", {"packets": packets}, name="raw packets"))
    scenario.conclude(capture, clients, [server])
