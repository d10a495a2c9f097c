"""Pods and interfaces come and go: names, addresses and names of interfaces are given again."""

import time

from account import place, settled
from lab import ends, objects
from lab.cluster import Cluster

# Seconds after the beginning: whole ones, as an API server's times are.
DIE, START = 12, 15


def run(trial):
    cluster = Cluster(trial, ipv6=True)
    bridged, routed = cluster.node("node-1"), cluster.node("node-2", routed=True)
    cluster.overlay()
    zero = int(time.time()) + 9
    web = cluster.pod("shop/web", bridged, 10, started=zero - 600)
    # On the bridge another pod gets the address; on routes the same one comes again.
    api = cluster.pod("shop/api", bridged, 20, port="veth20", started=zero - 600)
    first = cluster.pod("shop/db-0", routed, 20, port="cali20", started=zero - 600)
    web.serve(udp=[6000], address="::")
    servers = [pod.serve(tcp=[8080], udp=[5000], address="::") for pod in (api, first)]
    timeline = known(cluster, (api, first), zero)
    place(cluster)
    lives = [trial.live(cluster, node, timeline=timeline) for node in cluster.nodes]
    cluster.count()
    until(zero)
    talk(web, api, first, 0)
    for server in servers:
        server.stop()
    until(zero + DIE)
    for pod in (api, first):
        cluster.remove(pod)
    cluster.turn()
    until(zero + START)
    ledger = cluster.pod("pay/ledger", bridged, 20, port="veth20", started=zero + START)
    second = cluster.pod("shop/db-0", routed, 20, port="cali20", label="db-0-again", started=zero + START)
    for pod in (ledger, second):
        pod.serve(tcp=[8080], udp=[5000], address="::")
        ends.start(pod)
    # What a network plugin does by announcing itself: nobody sends to the link address of before.
    for box in (web.box, bridged.box):
        box.ip("neigh flush all")
    place(cluster)
    talk(web, ledger, second, 1)
    wrong = settled(cluster, lives)
    for live in lives:
        flows = live.flows("&server_pod=db-0&l4proto=udp")["flows"]
        if len(flows) != 2 * len(second.addresses):
            wrong.append(f"{live.node.ref}: {len(flows)} UDP flows to db-0, expected one of each pod of that name and family")
    return wrong


def known(cluster, old, zero):
    """All that is told, and will be: who dies, and who has the address then."""
    objects_now = [objects.node(node) for node in cluster.nodes] + [objects.pod(pod) for pod in cluster.pods]
    timeline = [(zero - 600, "ADDED", each) for each in objects_now]
    for pod, (namespace, name) in zip(old, (("pay", "ledger"), ("shop", "db-0"))):
        gone = objects.pod(pod)
        gone["metadata"]["deletionTimestamp"] = objects.moment(zero + DIE)
        timeline.append((zero + DIE, "DELETED", gone))
        new = objects.pod(pod)
        new["metadata"] |= {"namespace": namespace, "name": name, "uid": objects.uid("Pod", namespace, name, "again"),
                            "creationTimestamp": objects.moment(zero + START)}
        new["status"]["startTime"] = objects.moment(zero + START)
        timeline.append((zero + START, "ADDED", new))
    return timeline


def talk(web, on_bridge, on_route, turn):
    """Different numbers each time, so that no packet is taken for another pod's."""
    visit = [["ask", 200, 600 + turn], ["close"], ["wait", 0.02]]
    clients = [on_route.steps(["udp", web.address, 6000], *[["ask", 80, 90]] * (4 + turn))]
    for pod in (on_bridge, on_route):
        for address in pod.addresses:
            clients += [
                web.steps(*[["connect", address, 8080], *visit] * (5 + 2 * turn)),
                web.steps(["udp", address, 5000, 40000], *[["ask", 70, 80]] * (6 + 3 * turn)),
            ]
    for client in clients:
        client.finished()


def until(moment):
    late = time.time() - moment
    if late > 1:
        raise RuntimeError(f"{late:.1f} s late: the machine is too busy for this case")
    time.sleep(max(0, -late))
