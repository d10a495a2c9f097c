"""Segmentation left to the wire: frames of up to 64 kB count as the segments they become."""

from account import name, place
from lab import ends
from lab.cluster import Cluster

MEGABYTE = 1_000_000
# IP header, TCP header, timestamps: what each further segment adds.
HEADERS = {False: 20 + 32, True: 40 + 32}


def run(trial):
    cluster = Cluster(trial, ipv6=True, offload=True)
    bridged, routed = cluster.node("node-1"), cluster.node("node-2", routed=True)
    cluster.overlay()
    web, api = cluster.pod("shop/web", bridged, 10), cluster.pod("shop/api", bridged, 11)
    store = cluster.pod("shop/store", routed, 10, port="cali10")
    for pod in (api, store):
        pod.serve(tcp=[8080], address="::")
    place(cluster)
    lives = [trial.live(cluster, node) for node in cluster.nodes]
    cluster.count()
    bulk = [["ask", MEGABYTE, 1000], ["ask", 1000, MEGABYTE], ["close"]]
    clients = [web.steps(["connect", address, 8080], *bulk) for pod in (api, store) for address in pod.addresses]
    for client in clients:
        client.finished()
    trial.wait(3)
    rows = ends.flows(cluster, None)
    merged = sum(live.flows()["coverage"]["merged_frames"] for live in lives)
    told = {pod: [flow for live in lives if live.node is pod.node for flow in live.flows()["flows"]]
            for pod in cluster.pods}
    wrong = [line for pod in cluster.pods for line in of_ends(pod, told[pod], rows)]
    out = {pod: segments_sent(pod.box) for pod in cluster.pods}
    # Nothing is lost, so what one side's kernels cut is what the other side gets.
    for one, other in (((web,), (api, store)), ((api, store), (web,))):
        sent, got = (sum(total(pod, told[pod], way) for pod in pods) for way, pods in (("tx", one), ("rx", other)))
        expected = sum(out[pod] for pod in one)
        if (sent, got) != (expected, expected):
            refs = ", ".join(pod.ref for pod in one)
            wrong.append(f"{refs}: {sent} packets sent and {got} got, expected the kernel's segments {expected}")
    if all(row["client_sent_bytes"] < 100 * row["client_sent_pkts"] for row in rows) or not rows:
        wrong.append("nothing was sent in bulk, so nothing was tried")
    if merged:
        wrong.append(f"{merged} frames of unknown segments, expected none")
    return wrong


def ends_of(pod, flows):
    for flow in flows:
        for side in ("client", "server"):
            if name(flow[side]) == pod.ref:
                yield side, flow, flow[f"{side}_stats"]


def total(pod, flows, way):
    return sum(stats[f"{way}_pkts"] for _, _, stats in ends_of(pod, flows))


def of_ends(pod, flows, rows):
    for side, flow, stats in ends_of(pod, flows):
        yield from of_end(side, flow, stats, rows)


def of_end(side, flow, stats, rows):
    ways = {"client": ("client_sent", "server_delivered"), "server": ("server_sent", "client_delivered")}
    ip = {each: flow[each]["ip"] for each in ("client", "server")}
    row = next(row for row in rows if all(row[each]["ip"] == ip[each] for each in ip))
    header = HEADERS[":" in ip["client"]]
    for way, told in zip(ways[side], ("tx", "rx")):
        further = stats[f"{told}_pkts"] - row[f"{way}_pkts"]
        expected = row[f"{way}_bytes"] + further * header
        if stats[f"{told}_bytes"] != expected:
            yield f"{ip['client']} > {ip['server']}: the {side}'s {told}_bytes {stats[f'{told}_bytes']}, expected {expected}"


def segments_sent(box):
    """`OutSegs` leaves out what was sent again."""
    lines = [line.split()[1:] for line in box.run("cat", "/proc/net/snmp").splitlines() if line.startswith("Tcp:")]
    counters = dict(zip(*lines))
    return int(counters["OutSegs"]) + int(counters["RetransSegs"])
