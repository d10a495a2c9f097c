"""Connections that do not come about. See ../../refused/README.md."""

from lab.capture import tcpdump
from lab.switch import plug, serve, steps

SERVER, SCANNER = "10.244.1.11", "10.244.1.12"
# Behind the counting chain (priority 300), so that what is dropped was delivered.
SILENT = """
table inet silent {
  chain input {
    type filter hook input priority 400
    tcp dport 8082 drop
  }
}
"""
# Its kernel would answer the SYN-ACK of a connection that it does not know with RST.
NO_RESET = """
table inet scanner {
  chain output {
    type filter hook output priority 0
    tcp flags rst drop
  }
}
"""


def record(scenario):
    node, boxes = plug(scenario, {
        "client": ["10.244.1.10/24"], "server": [f"{SERVER}/24"], "scanner": [f"{SCANNER}/24"],
    })
    boxes["server"].run("nft", "-f", "-", stdin=SILENT)
    boxes["server"].sysctl("net.ipv4.tcp_synack_retries=2")
    boxes["scanner"].run("nft", "-f", "-", stdin=NO_RESET)
    server = serve(boxes["server"], tcp=[8080])
    capture = tcpdump(node, "cni0", scenario.path("refused.pcap"))
    clients = [
        steps(boxes["client"],
              ["connect", SERVER, 8080], ["ask", 100, 100], ["close"],
              *[["connect", SERVER, 8081], ["wait", 0.1]] * 3,
              ["connect", SERVER, 8082], ["close"],
              ["udp", SERVER, 9999], ["send", 40], ["wait", 0.2]),
        boxes["scanner"].program("raw_packets.py", {"syn_to": SERVER, "port": 8080, "from": SCANNER, "count": 3}),
    ]
    scenario.conclude(capture, clients, [server])
