"""A node's capture in several files. See ../../rotated-node/README.md."""

from lab.capture import tcpdump
from lab.cluster import Cluster, placed


def record(scenario):
    cluster = Cluster(scenario)
    node = cluster.node("node-1")
    web, api = cluster.pod("shop/web", node, 10), cluster.pod("shop/api", node, 11)
    servers = [api.serve(tcp=[8080], udp=[5000])]
    cluster.count()
    capture = tcpdump(node.box, "any", scenario.path("rotated-%s.pcap"), "-y", "LINUX_SLL2", "-G", "3")
    for pod in (web, api):
        pod.points[scenario] = None
    clients = [
        # One connection all the time; others begin in one file and end in the next.
        web.steps(["connect", api.address, 8080], *[["ask", 100, 200], ["wait", 0.25]] * 50, ["close"]),
        web.steps(*[["connect", api.address, 8080], ["ask", 200, 400], ["wait", 0.8], ["ask", 200, 400],
                    ["close"]] * 15),
        web.steps(["udp", api.address, 5000], *[["ask", 60, 120], ["wait", 0.3]] * 40),
    ]
    placed(capture, scenario, [], {"node": node.ref})
    cluster.conclude([capture], clients, servers)
    # tcpdump names files by the second they begin in; numbers stay when recorded again.
    parts = [
        part.rename(scenario.path(f"part-{number}.pcap"))
        for number, part in enumerate(sorted(scenario.folder.glob("rotated-*.pcap")), 1)
    ]
    # In no order: what belongs together is not told by names.
    files = [part.name for part in parts[1::2] + parts[::2]]
    cluster.write([{"files": files, "at": capture.source["at"]}])
