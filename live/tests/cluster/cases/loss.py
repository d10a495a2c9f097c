"""Packets lost between two nodes: TCP sends again, UDP does not, and each end counts its own."""

from account import place, settled
from lab import ends
from lab.cluster import Cluster

# In turn, from the first packet on, at the switch between the nodes.
LOSS = """table bridge loss {
  chain forward {
    type filter hook forward priority 0
    udp dport 8472 numgen inc mod 9 == 4 drop
  }
}
"""


def run(trial):
    cluster = Cluster(trial, ipv6=True)
    bridged, routed = cluster.node("node-1"), cluster.node("node-2", routed=True)
    cluster.overlay()
    web, api = cluster.pod("shop/web", bridged, 10), cluster.pod("shop/api", routed, 10, port="cali10")
    probe = cluster.pod("shop/probe", bridged, 11)
    api.serve(tcp=[8080], udp=[5000, 8125], address="::")
    place(cluster)
    lives = [trial.live(cluster, node) for node in cluster.nodes]
    cluster.fabric.run("nft", "-f", "-", stdin=LOSS)
    cluster.count()
    clients = []
    for address in api.addresses:
        clients += [
            web.steps(["patience", 60], *[["connect", address, 8080], *[["ask", 200, 9000]] * 8, ["close"]] * 2),
            web.steps(["udp", address, 8125], *[["send", 120], ["wait", 0.01]] * 60),
            probe.steps(["udp", address, 8125], *[["send", 300], ["wait", 0.01]] * 40),
        ]
    for client in clients:
        client.finished()
    wrong = settled(cluster, lives)
    lost = sum(row["client_sent_pkts"] - row["client_delivered_pkts"] for row in ends.flows(cluster, None))
    return wrong + ([] if lost else ["nothing was lost, so nothing was tried"])
