"""Two addresses, each of one pod and then of another. See ../../ip-reuse/README.md."""

import time

from lab import ends, objects
from lab.cluster import Cluster

OLD, NEW = "shop/api-6f7d8c9b5-h4x2p", "payments/ledger-7c5b9d8f4-k8w7m"
JOB, REPORT = "shop/cleanup-29388960-tq8vz", "payments/report-5d6c7b8f9-zz2lm"
# Seconds after a ten-second interval began.
DIES, STARTS, TALKS = 2.6, 4.2, 7.2


def record(scenario):
    cluster = Cluster(scenario)
    one, two = cluster.node("node-1", routed=True), cluster.node("node-2", routed=True)
    cluster.plain_routes()
    web, cart = cluster.pod("shop/web", one, 10, port="cali10"), cluster.pod("shop/cart", two, 10, port="cali10")
    old = cluster.pod(OLD, one, 20, port="cali20a", owner=("ReplicaSet", "api-6f7d8c9b5"))
    job = cluster.pod(JOB, one, 21, port="cali21a", owner=("Job", "cleanup-29388960"))
    servers = [web.serve(udp=[9200]), old.serve(tcp=[8080], udp=[9000])]
    cluster.count()
    zero = next_interval(3)
    for pod in cluster.pods:
        pod.told["started"] = zero - 3600
    captures = [cluster.any(node) for node in cluster.nodes]
    time.sleep(max(0, zero + 0.3 - time.time()))
    began = clients(web, cart, old.address, zero)
    began_job = job.steps(["udp", web.address, 9200], *[["ask", 90, 70]] * 6)
    before = timeline(cluster, zero - 600)

    time.sleep(max(0, zero + DIES - time.time()))
    for program in (servers.pop(), began_job):
        scenario.tell(program)
    changes = end(cluster, old, job)
    cluster.turn()

    time.sleep(max(0, zero + STARTS - time.time()))
    new = cluster.pod(NEW, one, 20, port="cali20b", owner=("ReplicaSet", "ledger-7c5b9d8f4"), started=time.time())
    report = cluster.pod(REPORT, one, 21, port="cali21b", owner=("ReplicaSet", "report-5d6c7b8f9"),
                         started=time.time())
    servers.append(new.serve(tcp=[8080], udp=[9000]))
    for pod in (new, report):
        ends.start(pod)
        pod.points[scenario] = {"file": "node-1.pcap", "interface": pod.interface_number()}
    changes += [(time.time(), "ADDED", objects.pod(pod)) for pod in (new, report)]
    # The old pod's end is told when another has its address already.
    changes.append((time.time() + 1.5, "DELETED", deleted(old, zero + DIES)))
    time.sleep(max(0, zero + TALKS - time.time()))
    asks = report.steps(["udp", web.address, 9200], *[["ask", 110, 30], ["wait", 0.3]] * 18)
    if time.time() > zero + TALKS + 0.1:
        raise RuntimeError("the new pods came up too late")
    cluster.conclude(captures, [*began, asks], servers, before + changes)


def next_interval(ahead):
    """The beginning of the next interval of ten seconds that is at least so far ahead."""
    return (int(time.time() + ahead) // 10 + 1) * 10


def clients(web, cart, address, zero):
    """They talk to an address, whoever has it."""
    visit = [["connect", address, 8080], ["ask", 200, 600], ["close"], ["wait", 0.1]]
    later = ["until", zero + TALKS]
    return [
        # One UDP socket for both pods: the same five-tuple.
        web.steps(["udp", address, 9000, 40000], *[["send", 70]] * 10, *visit * 5, later,
                  ["use", 0], *[["send", 50]] * 7, *[["connect", address, 8080], *visit[1:3], ["wait", 0.5]] * 12),
        cart.steps(*visit * 3, later, *[["connect", address, 8080], ["ask", 300, 900], ["close"], ["wait", 0.1]] * 4),
    ]


def timeline(cluster, at):
    made = [objects.node(each) for each in cluster.nodes] + [objects.pod(each) for each in cluster.pods]
    return [(at, "ADDED", each) for each in made]


def end(cluster, old, job):
    """One is deleted, the other has done its work: it stays, with its address in its status."""
    done = objects.pod(job)
    done["status"]["phase"] = "Succeeded"
    for pod in (old, job):
        cluster.remove(pod)
    return [(time.time(), "MODIFIED", done)]


def deleted(pod, at):
    thing = objects.pod(pod)
    thing["metadata"]["deletionTimestamp"] = objects.moment(at)
    return thing
