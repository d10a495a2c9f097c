"""What the nodes say of each end, held against what the kernels counted there."""

import time
from collections import defaultdict

from lab import ends

FIELDS = ("tx_pkts", "tx_bytes", "rx_pkts", "rx_bytes")
# How long answers may lag behind the traffic.
PATIENCE = 8


def settled(cluster, lives):
    """Every difference, once answers stay behind no longer."""
    time.sleep(1)
    truth = cluster.past + ends.flows(cluster, None)
    until = time.monotonic() + PATIENCE
    while (wrong := differences(truth, lives)) and time.monotonic() < until:
        time.sleep(0.5)
    if not truth:
        wrong = ["no kernel counted anything"]
    return wrong


def differences(truth, lives):
    return [f"{live.node.ref}: {wrong}" for live in lives for wrong in of_node(truth, live)]


def of_node(truth, live):
    """What one node says wrong of the ends that it has, or does not say."""
    answer = live.flows()
    wrong = closes(answer["coverage"])
    told, expected = answered(answer), wanted(truth, live.node)
    for key in sorted(expected.keys() | told.keys(), key=str):
        if key not in told:
            wrong.append(f"{shown(key)}: is missing")
        elif key not in expected:
            wrong.append(f"{shown(key)}: nobody had that traffic: {told[key]}")
        else:
            wrong += compared(key, expected[key], told[key])
    return wrong


def closes(coverage):
    """Every frame must be accounted for, and none lost."""
    accounted = coverage["counted"] + coverage["copies"] + sum(coverage["skipped"].values())
    wrong = []
    if coverage["frames"] != accounted:
        wrong.append(f"{coverage['frames']} frames, but {accounted} accounted for")
    if coverage["dropped"]:
        wrong.append(f"{coverage['dropped']} frames dropped")
    return wrong


def answered(answer):
    """Flows by what tells them apart; an end by its name where it has one. Loopback is another matter.

    Pods that follow each other under one name are told apart by UID alone: their flows are added.
    """
    told = {}
    for flow in answer["flows"]:
        client, server = flow["client"], flow["server"]
        if client["ip"].startswith("127.") or client["ip"] == "::1":
            continue
        called = server.get("svc") if server.get("svc_basis") == "called" else None
        key = (flow["proto"], client["ip"], name(client), server["ip"], server["port"], name(server), called)
        told[key] = added(told[key], flow) if key in told else flow
    return told


def added(one, other):
    whole = dict(one)
    for side in ("client_stats", "server_stats"):
        whole[side] = {field: one[side][field] + other[side][field] for field in FIELDS}
    if one["observed"] != other["observed"]:
        whole["observed"] = f"{one['observed']} and {other['observed']}"
    return whole


def name(end):
    if "pod" in end:
        return f"{end['ns']}/{end['pod']}"
    return end.get("node", "")


def wanted(truth, node):
    """What a node should say: of the ends it has, what their kernels counted.

    The address that was called is seen on the client's node, where it is translated.
    """
    rows = defaultdict(lambda: {"client": None, "server": None})
    for row in truth:
        sides = {side: row[side]["name"] for side in ("client", "server")}
        here = {side: is_on(name, node) for side, name in sides.items()}
        if not any(here.values()):
            continue
        service = row.get("service", {}).get("name", "") if here["client"] else ""
        key = (row["proto"], row["client"]["ip"], sides["client"], row["server"]["ip"], row["server"]["port"],
               sides["server"], service.partition("/")[2] or None)
        counted = {
            "client": ("client_sent", "server_delivered"),
            "server": ("server_sent", "client_delivered"),
        }
        for side, (sent, got) in counted.items():
            if here[side]:
                values = [row[f"{way}_{unit}"] for way in (sent, got) for unit in ("pkts", "bytes")]
                known = rows[key][side] or [0] * 4
                rows[key][side] = [one + other for one, other in zip(known, values)]
    return rows


def is_on(name, node):
    return name in node.residents


def compared(key, expected, flow):
    wrong = []
    seen = [side for side in ("client", "server") if expected[side]]
    observed = "both" if len(seen) == 2 else seen[0]
    if flow["observed"] != observed:
        wrong.append(f"{shown(key)}: observed {flow['observed']}, expected {observed}")
    for side in seen:
        stats = flow[f"{side}_stats"]
        told = [stats[field] for field in FIELDS]
        if told != expected[side]:
            counts = [f"{field} {a} for {b}" for field, a, b in zip(FIELDS, told, expected[side]) if a != b]
            wrong.append(f"{shown(key)}: the {side}'s {', '.join(counts)}")
    return wrong


def shown(key):
    protocol, client, client_name, server, port, server_name, called = key
    service = f" by {called}" if called else ""
    return f"{protocol} {client_name} {client} > {server_name} {server}:{port}{service}"


def place(cluster):
    """Tell every node who lives on it."""
    for node in cluster.nodes:
        node.residents = {pod.ref for pod in cluster.pods if pod.node is node}
