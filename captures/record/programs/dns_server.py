"""A DNS server: answers from a zone, forwards the rest, caches what it forwarded.

usage: dns_server.py '{"zone": {"cart.shop.svc.cluster.local": ["10.244.1.11"],
                                "www.example": {"alias": "edge.example", "ttl": 60},
                                "edge.example": {"addresses": ["203.0.113.9"], "ttl": 2}},
                       "forward": "203.0.113.53", "metrics_port": 9153}'
"""

import json
import random
import socket
import struct
import sys
import threading
import time

from resolver import A, AAAA, CNAME, encode_name, query
from tally import Tally, hold_signals, until_told
from web_service import serve_metrics

NXDOMAIN = 3
LONGEST_DATAGRAM = 512


def question(message):
    """The name asked for and the kind of record, and where the question ends."""
    labels, at = [], 12
    while message[at]:
        labels.append(message[at + 1 : at + 1 + message[at]].decode())
        at += 1 + message[at]
    kind, _ = struct.unpack_from("!2H", message, at + 1)
    return ".".join(labels).lower(), kind, at + 5


def respond(message, code, records):
    """The answer to a query: its question, and the records by pointers to their names."""
    name, _, end = question(message)
    flags = 0x8180 | code
    answer = message[:2] + struct.pack("!5H", flags, 1, len(records), 0, 0) + message[12:end]
    places = {name: 12}
    for owner, kind, ttl, data in records:
        answer += struct.pack("!3HIH", 0xC000 | places[owner], kind, 1, ttl, len(data))
        if kind == CNAME:
            places[decode_name(data)] = len(answer)
        answer += data
    return answer


def decode_name(octets):
    labels = []
    while octets[0]:
        labels.append(octets[1 : 1 + octets[0]].decode())
        octets = octets[1 + octets[0] :]
    return ".".join(labels)


class Server:
    def __init__(self, config):
        self.zone = config.get("zone", {})
        self.forward = config.get("forward")
        self.cluster = config.get("cluster", "cluster.local")
        self.ttl = config.get("ttl", 5)
        self.tally = Tally()
        self.cache = {}

    def records(self, name, kind):
        """The aliases from a name on, then addresses: owner, kind, time to live, data."""
        entry = self.zone[name]
        entry = entry if isinstance(entry, dict) else {"addresses": entry}
        ttl = entry.get("ttl", self.ttl)
        if "alias" in entry:
            alias = (name, CNAME, ttl, encode_name(entry["alias"]))
            return [alias, *self.records(entry["alias"], kind)]
        wanted = [a for a in entry["addresses"] if (":" in a) == (kind == AAAA)]
        random.shuffle(wanted)
        family = socket.AF_INET6 if kind == AAAA else socket.AF_INET
        return [(name, kind, ttl, socket.inet_pton(family, address)) for address in wanted]

    def answer(self, message):
        name, kind, _ = question(message)
        if name in self.zone and kind in (A, AAAA):
            return respond(message, 0, self.records(name, kind))
        if self.forward and not name.endswith(self.cluster):
            return self.ask_upstream(message, name, kind)
        self.tally.add(nxdomain=1)
        return respond(message, NXDOMAIN, [])

    def ask_upstream(self, message, name, kind):
        kept = self.cache.get((name, kind))
        if kept is None or kept[0] < time.monotonic():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as upstream:
                upstream.settimeout(3)
                upstream.connect((self.forward, 53))
                upstream.send(query(random.randrange(65536), name, kind))
                kept = (time.monotonic() + 10, upstream.recv(4096))
            self.cache[name, kind] = kept
            self.tally.add(forwarded=1)
        return message[:2] + kept[1][2:]

    def serve(self, listening):
        while True:
            message, client = listening.recvfrom(4096)
            threading.Thread(
                target=self.reply, args=(listening, message, client), daemon=True
            ).start()

    def reply(self, listening, message, client):
        answer = self.answer(message)
        if len(answer) > LONGEST_DATAGRAM:
            # Too long without EDNS: the question alone, and the TC bit.
            answer = respond(message, 0, [])
            answer = answer[:2] + bytes([answer[2] | 0x02]) + answer[3:]
            self.tally.add(truncated=1)
        listening.sendto(answer, client)
        self.tally.add(answered=1)

    def serve_tcp(self, listening):
        """One question a connection."""
        while True:
            connection, _ = listening.accept()
            with connection:
                stream = connection.makefile("rb")
                (length,) = struct.unpack("!H", stream.read(2))
                answer = self.answer(stream.read(length))
                connection.sendall(struct.pack("!H", len(answer)) + answer)
                stream.read(1)
            self.tally.add(answered_over_tcp=1)


def main():
    hold_signals()
    config = json.loads(sys.argv[1])
    server = Server(config)
    family = socket.AF_INET6 if ":" in config.get("address", "") else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_DGRAM)
    listening.bind((config.get("address", ""), 53))
    threading.Thread(target=server.serve, args=(listening,), daemon=True).start()
    over_tcp = socket.create_server((config.get("address", ""), 53), family=family)
    threading.Thread(target=server.serve_tcp, args=(over_tcp,), daemon=True).start()
    if "metrics_port" in config:
        serve_metrics(config["metrics_port"], server.tally)
    until_told(server.tally)


if __name__ == "__main__":
    main()
