"""What each end sent and what each end got, conversation by conversation, from the kernels.

nft counts at the sockets' side of every namespace (`lab.counts`); conntrack of the nodes
says which address called became which backend. A row of `truth.json` is a flow as an
answer has it: a client, a backend, and the service called.
"""

import ipaddress
import re
from collections import defaultdict

from lab import counts

# What the overlay carries is counted at its ends, inside.
OVERLAY = 8472
CONNECTION = re.compile(r"(?:src=(\S+) dst=(\S+) sport=(\d+) dport=(\d+))")

# Which ends have a counting point of their own: (client, server) → word.
OBSERVED = {(True, True): "both", (True, False): "client", (False, True): "server", (False, False): None}


def start(end):
    counts.start(end.box)


def restart(cluster):
    """Forget what was counted: from here on, a new account."""
    for end in cluster.ends:
        end.box.run("nft", "delete", "table", "inet", "counts")
        counts.start(end.box)


def flows(cluster, scenario):
    """The rows since the counts began. Loopback stays within its namespace.

    `scenario` is the one whose captures say which ends were seen.
    """
    became = translations(cluster.nodes)
    callers, answerers = {}, {}
    for end in cluster.ends:
        called, answered = views(end)
        callers |= called
        answerers |= answered
    rows = defaultdict(new_row)
    for key, (end, traffic) in callers.items():
        scope, protocol, _, _, address, port = key
        backend = became.get(key[1:])
        arrived = (scope, protocol, *backend) if backend else key
        server, there = answerers.pop(arrived, (None, None))
        service = (address, port) if backend and (address, port) != backend[2:] else None
        as_seen = arrived[2] if arrived[2] != key[2] else None
        place = arrived[4:]
        add(rows[protocol, end, key[2], server or owner(cluster, place[0]), place, service, as_seen], traffic, there)
    for (_, protocol, address, _, *place), (server, there) in answerers.items():
        # Whoever sent this is not counted, or is nobody.
        add(rows[protocol, owner(cluster, address), address, server, tuple(place), None, None], None, there)
    return [describe(cluster, scenario, key, row) for key, row in sorted(rows.items(), key=in_order)]


def in_order(item):
    protocol, client, address, server, place, service, _ = item[0]
    return protocol, name(client), address, name(server), place, service or ("", 0)


def name(end):
    return end.ref if end else ""


def owner(cluster, address):
    return next((end for end in cluster.ends if address in end.addresses and not end.gone), None)


def new_row():
    return {"ports": 0, "client": [0] * 4, "server": [0] * 4}


def add(row, client, server):
    """Counters are [sent packets, sent bytes, delivered packets, delivered bytes] of an end."""
    row["ports"] += 1
    for side, traffic in (("client", client), ("server", server)):
        row[side] = [a + b for a, b in zip(row[side], traffic or [0] * 4)]


def views(end):
    """An end's own connections: those it made and those it answered.

    (scope, protocol, client, client port, server, server port) → (end, counters). On
    loopback a packet is sent and delivered in one place.
    """
    called, answered = {}, {}
    for way, at in (("sent", 0), ("delivered", 2)):
        for (source, protocol, source_port, target, target_port), found in counts.read(end.box, way).items():
            if OVERLAY in (source_port, target_port):
                continue
            scope = end.ref if target.startswith("127.") else None
            here, there = (source, source_port), (target, target_port)
            if way == "delivered":
                here, there = there, here
            server = end.listening(protocol, here[1])
            table, key = (answered, (*there, *here)) if server else (called, (*here, *there))
            traffic = table.setdefault((scope, protocol, *key), (server or end, [0] * 4))[1]
            traffic[at], traffic[at + 1] = traffic[at] + found[0], traffic[at + 1] + found[1]
    return called, answered


def translations(nodes):
    """(protocol, client, port, called, port) → (client as the server sees it, port, backend, port)."""
    found = {}
    for node in nodes:
        for line in node.box.run("cat", "/proc/net/nf_conntrack").splitlines():
            protocol = line.split()[2]
            tuples = [(short(source), short(target), *ports) for source, target, *ports in CONNECTION.findall(line)]
            if len(tuples) != 2:
                continue
            (source, target, source_port, target_port), (backend, seen, backend_port, seen_port) = tuples
            original = (source, int(source_port), target, int(target_port))
            answered = (seen, int(seen_port), backend, int(backend_port))
            if original != answered:
                found[protocol, *original] = answered
    return found


def short(address):
    """The kernel writes IPv6 out in full."""
    return str(ipaddress.ip_address(address))


def describe(cluster, scenario, key, row):
    protocol, client, client_ip, server, (server_ip, port), service, as_seen = key
    told = {
        "proto": protocol,
        "client": {"ip": client_ip, **of(client)},
        "server": {"ip": server_ip, "port": port, **of(server)},
    }
    if service:
        told["service"] = {"ip": service[0], "port": service[1], "name": called(cluster, *service)}
    if as_seen:
        told["client_as_seen"] = as_seen
    (c_out, c_out_bytes, c_in, c_in_bytes), (s_out, s_out_bytes, s_in, s_in_bytes) = row["client"], row["server"]
    told |= {
        "client_ports": row["ports"],
        "client_sent_pkts": c_out, "client_sent_bytes": c_out_bytes,
        "client_delivered_pkts": s_in, "client_delivered_bytes": s_in_bytes,
        "server_sent_pkts": s_out, "server_sent_bytes": s_out_bytes,
        "server_delivered_pkts": c_in, "server_delivered_bytes": c_in_bytes,
        "observed": observed(client, server, scenario),
        "points": {"client": point(client, scenario, client_ip), "server": point(server, scenario, server_ip)},
    }
    return told


def observed(client, server, scenario):
    """Which ends were seen at their own interface; not said of ends that have none."""
    if not all(end and end.port for end in (client, server)):
        return None
    return OBSERVED[scenario in client.points, scenario in server.points]


def point(end, scenario, address):
    """Where an end's own packets are in the files; loopback is interface 1 everywhere."""
    found = end and end.points.get(scenario)
    if found and address.startswith("127."):
        return {**found, "interface": 1}
    # A node has no interface of its own: its packets are at the pod's, or at the uplink.
    return found if found and end.port else None


def of(end):
    return {"name": name(end), "kind": end.kind if end else "unresolved"}


def called(cluster, address, port):
    """The service of a cluster IP or node port."""
    for service in cluster.services:
        if address == service["address"] or port == service["node_port"]:
            return service["ref"]
    return ""


def table(flows):
    """The README's numbers: what each end sent and what of it the other one got."""
    lines = [
        "| proto | client | server | service called | client ports | client sent (pkts, IP bytes) | server got "
        "| server sent | client got |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for flow in flows:
        client, server, service = flow["client"], flow["server"], flow.get("service")
        cells = [
            flow["proto"], f"{client['ip']} {client['name']}", f"{server['ip']}:{server['port']} {server['name']}",
            f"{service['ip']}:{service['port']} {service['name']}" if service else "", str(flow["client_ports"]),
            *(f"{flow[way + '_pkts']}, {flow[way + '_bytes']}"
              for way in ("client_sent", "client_delivered", "server_sent", "server_delivered")),
        ]
        lines.append("| " + " | ".join(cell.strip() for cell in cells) + " |")
    return [*lines, ""]
