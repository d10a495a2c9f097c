"""Two nodes whose clocks disagree. See ../../clock-skew/README.md."""

import subprocess

from lab.cluster import Cluster

# Of node-2, added to the times of its capture.
AHEAD_SECONDS = "0.4"


def record(scenario):
    cluster = Cluster(scenario)
    one, two = cluster.node("node-1"), cluster.node("node-2")
    cluster.overlay()
    web, store = cluster.pod("shop/web", one, 10), cluster.pod("shop/store", one, 11)
    api = cluster.pod("shop/api", two, 10)
    servers = [api.serve(tcp=[8080], udp=[5000]), store.serve(tcp=[5432])]
    cluster.count()
    captures = [cluster.any(node) for node in cluster.nodes]
    clients = [
        # One connection all the time, others come and go.
        web.steps(["connect", api.address, 8080], ["ask", 100, 200],
                  *[["connect", api.address, 8080], ["ask", 200, 400], ["wait", 0.75], ["close"]] * 12,
                  ["use", 0], ["ask", 100, 200], ["close"]),
        web.steps(["udp", api.address, 5000], *[["ask", 60, 120], ["wait", 0.5]] * 18),
        api.steps(*[["connect", store.address, 5432], ["ask", 150, 300], ["close"], ["wait", 0.7]] * 12),
    ]
    cluster.conclude(captures, clients, servers)
    shift(scenario.path("node-2.pcap"))


def shift(capture):
    """As if the capturing machine's clock went ahead."""
    moved = capture.with_suffix(".moved")
    subprocess.run(["editcap", "-F", "pcap", "-t", AHEAD_SECONDS, str(capture), str(moved)], check=True)
    moved.rename(capture)
