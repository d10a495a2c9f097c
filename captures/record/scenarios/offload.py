"""Frames above the MTU: segmentation is left to the hardware. See ../../offload/README.md."""

import subprocess

from lab.capture import tcpdump
from lab.switch import plug, serve, steps


def record(scenario):
    node, boxes = plug(scenario, {"backup": ["10.244.1.10/24"], "store": ["10.244.1.11/24"]}, offload=True)
    server = serve(boxes["store"], tcp=[9000])
    capture = tcpdump(node, "cni0", scenario.path("offload.pcap"), "-s", "96")
    client = steps(
        boxes["backup"],
        ["connect", "10.244.1.11", 9000], ["ask", 1_500_000, 100], ["ask", 100, 1_500_000], ["close"],
    )
    scenario.conclude(capture, [client], [server])
    for name, box in boxes.items():
        scenario.fact(f"{name}'s kernel says that it sent {segments(box)} TCP segments (OutSegs in /proc/net/snmp)")
    scenario.fact(f"{merged(scenario.path('offload.pcap'))} frames are longer than 1500 IP bytes")


def merged(capture):
    listed = subprocess.run(
        ["tshark", "-r", str(capture), "-n", "-Y", "ip.len > 1500", "-T", "fields", "-e", "ip.len"],
        capture_output=True, text=True, check=True,
    )
    return len(listed.stdout.split())


def segments(box):
    heads, values = [
        line.split() for line in box.run("cat", "/proc/net/snmp").splitlines() if line.startswith("Tcp:")
    ]
    return values[heads.index("OutSegs")]
