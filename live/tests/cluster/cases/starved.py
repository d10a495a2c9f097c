"""A reader that is not let run loses frames, says how many, and counts right afterwards."""

import signal

from account import place
from lab.cluster import Cluster

FLOOD, AFTER = 30_000, 200
# Frames of the questions themselves, between one look and the other.
SLACK = 200


def run(trial):
    cluster = Cluster(trial)
    one, two = cluster.node("node-1"), cluster.node("node-2", routed=True)
    cluster.overlay()
    web, api = cluster.pod("shop/web", one, 10), cluster.pod("shop/api", two, 10, port="cali10")
    api.serve(udp=[8125])
    place(cluster)
    live = trial.live(cluster, two, "--ring-size", "1Mi")
    passed, known = frames_passed(two), account(live)
    live.signal(signal.SIGSTOP)
    web.steps(["udp", api.address, 8125], ["repeat", FLOOD, [["send", 100]]]).finished()
    live.signal(signal.SIGCONT)
    trial.wait(3)
    starved = account(live)
    web.steps(["udp", api.address, 8125, 50000], ["repeat", AFTER, [["send", 100], ["wait", 0.002]]]).finished()
    trial.wait(3)
    wrong, after = [], account(live)
    passed, seen = frames_passed(two) - passed, sum(after) - sum(known)
    if not starved[1]:
        wrong.append(f"no frame was dropped of {starved[0]}, so nothing was tried")
    if after[1] != starved[1]:
        wrong.append(f"{after[1] - starved[1]} frames were dropped after the reader was let run again")
    if not 0 <= passed - seen <= SLACK:
        wrong.append(f"{seen} frames read or dropped, expected the {passed} that passed the interfaces")
    return wrong + of_answers(live, web)


def of_answers(live, web):
    connections = live.ask("connections", f"client_ip={web.address}&limit=1000&window=1h")["connections"]
    late = [connection for connection in connections if connection["client"]["port"] == 50000]
    got = sum(connection["server_stats"]["rx_pkts"] for connection in late)
    return [] if got == AFTER else [f"{got} datagrams after the flood, expected {AFTER}"]


def account(live):
    """Frames read, and dropped."""
    coverage = live.flows()["coverage"]
    return coverage["frames"], coverage["dropped"]


def frames_passed(node):
    """In and out of every interface."""
    lines = node.box.run("cat", "/proc/net/dev").splitlines()[2:]
    counters = [line.partition(":")[2].split() for line in lines]
    return sum(int(line[1]) + int(line[9]) for line in counters)
