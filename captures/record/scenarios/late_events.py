"""A cluster's events that come later than the packets. See ../../late-events/README.md."""

import time

from lab import ends, objects
from lab.cluster import Cluster

LATE = 4


def record(scenario):
    cluster = Cluster(scenario)
    one, two = cluster.node("node-1", routed=True), cluster.node("node-2", routed=True)
    cluster.plain_routes()
    web = cluster.pod("shop/web", one, 10, port="cali10", started=time.time() - 3600)
    store = cluster.pod("shop/store", two, 10, port="cali10", started=time.time() - 3600)
    servers = [store.serve(tcp=[5432])]
    cluster.count()
    captures = [cluster.any(node) for node in cluster.nodes]
    changes = [(time.time() - 600, "ADDED", each) for each in
               [objects.node(one), objects.node(two), objects.pod(web), objects.pod(store)]]
    time.sleep(1)
    began = time.time()
    api = cluster.pod("shop/api-6f7d8c9b5-x2x9k", two, 11, port="cali11", started=began,
                      owner=("ReplicaSet", "api-6f7d8c9b5"))
    ends.start(api)
    api.points[scenario] = {"file": "node-2.pcap", "interface": api.interface_number()}
    # kubelet says first that it was scheduled, and much later that it has an address.
    changes += [(began + LATE, "ADDED", unscheduled(api)), (began + LATE + 1, "MODIFIED", objects.pod(api))]
    time.sleep(1.2)
    servers.append(api.serve(tcp=[8080]))
    clients = [
        web.steps(*[["connect", api.address, 8080], ["ask", 200, 600], ["wait", 0.4], ["close"]] * 16),
        # It ends before the first word of it: nobody knows of it while it lives.
        api.steps(*[["connect", store.address, 5432], ["ask", 150, 400], ["close"], ["wait", 0.1]] * 5),
    ]
    cluster.conclude(captures, clients, servers, changes)


def unscheduled(pod):
    """As it is told at first: neither address nor start."""
    thing = objects.pod(pod)
    thing["status"] = {"phase": "Pending"}
    return thing
