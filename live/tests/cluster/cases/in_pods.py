"""A node that hands packets to its pods past their interfaces and loses some: captured within them."""

import time

from account import place, settled
from lab import ends
from lab.cluster import Cluster

# Octets of a datagram that is lost between two pods of a node, and of its frame.
LOST, LOST_FRAME = 61, 103
# A pod's namespace is entered within a second of its first process.
ENTERED = 1.5


def run(trial):
    cluster = Cluster(trial)
    one, two = cluster.node("node-1"), cluster.node("node-2", routed=True)
    cluster.plain_routes()
    web = cluster.pod("shop/web", one, 10)
    api, store, late = (
        cluster.pod(f"shop/{name}", two, 10 + last, port=f"lxc1{last}")
        for last, name in enumerate(("api", "store", "late")))
    servers = {pod: pod.serve(tcp=[8080], udp=[5000, 8125]) for pod in (web, api, store)}
    handed = {pod.address: pod.port for pod in (api, store, late)}
    redirect = two.box.program("redirect.py", handed, LOST_FRAME, "eth0", *handed.values())
    if redirect.process.stdout.readline() != b"redirecting\n":
        raise RuntimeError("node-2 redirects nothing")
    place(cluster)
    lives = [trial.live(cluster, node, "--in-pod-namespaces") for node in cluster.nodes]
    cluster.count()
    visit = [["ask", 200, 600], ["ask", 150, 500], ["close"], ["wait", 0.05]]

    def calls(pod, other):
        return pod.steps(*[["connect", other.address, 8080], *visit] * 3, ["udp", other.address, 5000],
                         *[["ask", 90, 300]] * 5, ["udp", other.address, 8125], *[["send", 60], ["send", LOST]] * 8)

    for client in [calls(web, api), calls(api, store), calls(store, web)]:
        client.finished()
    # One that goes, and one of which there is no process before now.
    servers[store].stop()
    late.serve(tcp=[8080], udp=[5000, 8125])
    time.sleep(ENTERED)
    for client in [calls(late, api), calls(web, late)]:
        client.finished()
    wrong = settled(cluster, lives)
    lost = sum(row["client_sent_pkts"] - row["client_delivered_pkts"] for row in ends.flows(cluster, None))
    if not lost:
        wrong.append("nothing was lost, so nothing was tried")
    for live in lives:
        warnings = live.flows()["coverage"]["warnings"]
        wrong += [f"{live.node.ref}: {warning}" for warning in warnings if "shows only" in warning]
    redirect.stop()
    return wrong
