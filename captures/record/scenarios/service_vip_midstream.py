"""Connections over a service address, older than the capture. See ../../service-vip-midstream/README.md."""

import time

from lab import ends
from scenarios.service_vip import API, build


def record(scenario):
    cluster = build(scenario)
    web, cart, first, second, _ = cluster.pods
    servers = [first.serve(tcp=[8080]), second.serve(tcp=[8080])]
    cluster.count()
    begin = time.time() + 5
    talk = [["ask", 200, 600], ["wait", 0.12]]
    clients = [
        # Opened before, each used in turn after; the last is called by the pod's own address.
        web.steps(
            *[["connect", API, 80], ["ask", 100, 100]] * 4, ["connect", first.address, 8080], ["ask", 100, 100],
            ["until", begin], *[step for n in range(5) for step in (["use", n], *talk * (n + 2))],
            *[step for n in range(3) for step in (["use", n], ["close"])], ["hold"],
        ),
        cart.steps(*[["connect", API, 80], ["ask", 100, 100]] * 2, ["until", begin + 0.05], *talk * 12,
                   ["use", 0], *talk * 6, ["hold"]),
    ]
    time.sleep(1.5)
    captures = [cluster.any(node) for node in cluster.nodes]
    # Nobody talks now: what is counted from here on is what is captured.
    ends.restart(cluster)
    if time.time() > begin - 0.2:
        raise RuntimeError("the captures began too late")
    cluster.conclude(captures, clients, servers)
