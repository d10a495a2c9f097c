"""An incident in an office, without any cluster. See ../../names/README.md."""

from lab.capture import tcpdump
from lab.switch import beyond, plug, serve, steps

LAPTOP, FILES, PRINTER = "192.168.7.20", "192.168.7.5", "192.168.7.9"
CONTROL, DROP = "203.0.113.66", "198.51.100.200"


def record(scenario):
    node, boxes = plug(scenario, {
        "laptop": [f"{LAPTOP}/24"], "files": [f"{FILES}/24"], "printer": [f"{PRINTER}/24"],
    })
    outside = beyond(scenario, node, boxes, "192.168.7.1/24", [CONTROL, DROP])
    servers = [
        serve(boxes["files"], tcp=[445]), serve(boxes["printer"], tcp=[9100]), serve(outside, tcp=[4444, 443]),
    ]
    capture = tcpdump(node, "cni0", scenario.path("names.pcap"))
    beacon = [["connect", CONTROL, 4444], ["ask", 90, 40], ["close"], ["wait", 2]]
    clients = [
        steps(boxes["laptop"], *beacon * 5),
        steps(boxes["laptop"], ["connect", PRINTER, 9100], ["ask", 8000, 20], ["close"],
              *[["connect", FILES, port] for port in range(1000, 1030)],
              ["connect", FILES, 445], ["ask", 200, 90_000], ["close"],
              ["wait", 1], ["connect", DROP, 443], ["ask", 95_000, 60], ["close"]),
    ]
    scenario.conclude(capture, clients, servers)
