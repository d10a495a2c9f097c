"""The kernel's own counts: what each namespace sent and what was delivered to it.

nft counts per five-tuple at the input and output hooks, apart from every capture.
Bytes are IP bytes. What was *delivered* is the number to hold an answer against: packets
as they came over the wire (datagrams after reassembly). What was *sent* is counted before
the kernel cuts it into segments and fragments, so it may be fewer packets; when it is
more, packets were lost.
"""

import json
from collections import defaultdict

TABLE = "\n".join(
    ["table inet counts {"]
    + [
        f"""  set {way}{version} {{
    typeof ip{v} saddr . meta l4proto . th sport . ip{v} daddr . th dport
    flags dynamic
    size 65535
    counter
  }}"""
        for way in ("sent", "delivered")
        for version, v in (("4", ""), ("6", "6"))
    ]
    + [
        f"""  chain {way} {{
    type filter hook {hook} priority 300
    meta l4proto {{ tcp, udp }} add @{way}4 {{ ip saddr . meta l4proto . th sport . ip daddr . th dport }}
    meta l4proto {{ tcp, udp }} add @{way}6 {{ ip6 saddr . meta l4proto . th sport . ip6 daddr . th dport }}
  }}"""
        for way, hook in (("sent", "output"), ("delivered", "input"))
    ]
    + ["}"]
)


def start(namespace):
    namespace.run("nft", "-f", "-", stdin=TABLE)


def read(namespace, way):
    """(source, protocol, source port, destination, destination port) → (packets, bytes)."""
    found = {}
    for version in "46":
        listed = json.loads(namespace.run("nft", "-j", "list", "set", "inet", "counts", way + version))
        for item in listed["nftables"]:
            for element in item.get("set", {}).get("elem", []):
                counter = element["elem"]["counter"]
                found[tuple(element["elem"]["val"]["concat"])] = (counter["packets"], counter["bytes"])
    return found


def listeners(namespace):
    """(protocol, port) of every socket that waits for clients here."""
    found = set()
    for protocol, flags in (("tcp", "-Hlnt"), ("udp", "-Hlnu")):
        for line in namespace.run("ss", flags).splitlines():
            address, _, port = line.split()[3].rpartition(":")
            if not address.startswith("127."):
                found.add((protocol, int(port)))
    return found


def flows(namespaces, names):
    """The flows of a recording: one row for each protocol, client, server and port.

    The server is the end whose namespace listened on the port. A row counts what was
    sent and what of it was delivered, each way.
    """
    sent, delivered, servers = {}, {}, set()
    for namespace, addresses in namespaces:
        sent |= read(namespace, "sent")
        delivered |= read(namespace, "delivered")
        servers |= {(p, a, port) for p, port in listeners(namespace) for a in addresses}
    rows = defaultdict(lambda: defaultdict(int))
    ports = defaultdict(set)
    for key in sent.keys() | delivered.keys():
        source, protocol, source_port, target, target_port = key
        to_server = (protocol, target, target_port) in servers
        from_server = (protocol, source, source_port) in servers
        if from_server and not to_server:
            row, way, client_port = (protocol, target, source, source_port), "server", target_port
        else:
            # Nobody listens at either end: the well-known port is the one meant.
            row, way, client_port = (protocol, source, target, target_port), "client", source_port
            if not to_server and source_port < target_port and source_port < 32768:
                row, way, client_port = (protocol, target, source, source_port), "server", target_port
        ports[row].add(client_port)
        for kind, counts in (("sent", sent), ("delivered", delivered)):
            packets, octets = counts.get(key, (0, 0))
            rows[row][f"{way}_{kind}_pkts"] += packets
            rows[row][f"{way}_{kind}_bytes"] += octets
    return [describe(row, rows[row], ports[row], names) for row in sorted(rows)]


def describe(row, counters, ports, names):
    protocol, client, server, port = row
    fields = [
        f"{way}_{kind}_{unit}"
        for way in ("client", "server") for kind in ("sent", "delivered") for unit in ("pkts", "bytes")
    ]
    return {
        "proto": protocol,
        "client": {"ip": client, "name": names.get(client, "")},
        "server": {"ip": server, "port": port, "name": names.get(server, "")},
        "client_ports": len(ports),
        **{field: counters[field] for field in fields},
    }
