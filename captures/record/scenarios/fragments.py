"""Datagrams that do not fit the MTU. See ../../fragments/README.md."""

import time

from lab.capture import tcpdump
from lab.switch import plug, serve, steps


def record(scenario):
    node, boxes = plug(scenario, {
        "sender": ["fd00:10:244:1::a/64", "10.244.1.10/24"], "sink": ["fd00:10:244:1::b/64", "10.244.1.11/24"],
    }, ipv6=True)
    server = serve(boxes["sink"], udp=[9000, 9001], address="::")
    capture = tcpdump(node, "cni0", scenario.path("fragments.pcap"))
    client = steps(
        boxes["sender"],
        ["udp", "10.244.1.11", 9000, 40000], *[["ask", 4000, 3000]] * 5,
        ["udp", "10.244.1.11", 9001, 40001], *[["ask", 100, 100]] * 2,
        ["udp", "fd00:10:244:1::b", 9000, 40002], *[["ask", 4000, 3000]] * 5,
    )
    client.finished()
    time.sleep(0.5)
    capture.stop()
    for program in (client, server):
        scenario.tell(program)
    scenario.write_truth([
        flow(4, "10.244.1.10", "10.244.1.11", 9000, 5, 4000, 3000),
        flow(4, "10.244.1.10", "10.244.1.11", 9001, 2, 100, 100),
        flow(6, "fd00:10:244:1::a", "fd00:10:244:1::b", 9000, 5, 4000, 3000),
    ])


def flow(version, client, server, port, datagrams, asked, answered):
    """Counted by arithmetic: the kernel's hooks see datagrams before or after reassembly."""
    asked_pkts, asked_bytes = on_the_wire(version, asked)
    answered_pkts, answered_bytes = on_the_wire(version, answered)
    return {
        "proto": "udp",
        "client": {"ip": client, "name": "sender"}, "server": {"ip": server, "port": port, "name": "sink"},
        "client_ports": 1,
        "client_sent_pkts": datagrams * asked_pkts, "client_sent_bytes": datagrams * asked_bytes,
        "client_delivered_pkts": datagrams * asked_pkts, "client_delivered_bytes": datagrams * asked_bytes,
        "server_sent_pkts": datagrams * answered_pkts, "server_sent_bytes": datagrams * answered_bytes,
        "server_delivered_pkts": datagrams * answered_pkts, "server_delivered_bytes": datagrams * answered_bytes,
    }


def on_the_wire(version, payload):
    """IP packets and their bytes for one UDP payload at an MTU of 1500.

    A fragment but the last carries a multiple of 8 octets: 1480 of 1500 in IPv4, and in
    IPv6 1448, after 40 octets of header and 8 of fragment header.
    """
    datagram = 8 + payload
    header, room = (20, 1480) if version == 4 else (40, 1448)
    if header + datagram <= 1500:
        return 1, header + datagram
    fragments = -(-datagram // room)
    return fragments, datagram + fragments * (header + (8 if version == 6 else 0))
