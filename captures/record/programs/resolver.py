"""A stub resolver with real DNS messages, as a pod's libc asks: A and AAAA from one port.

A name with fewer than five dots tries the search list first (`ndots:5`), which is why
clusters are full of NXDOMAIN.
"""

import random
import socket
import struct

A, CNAME, AAAA = 1, 5, 28


def encode_name(name):
    labels = [label for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"


def query(identity, name, kind):
    """A query with recursion desired (RFC 1035, section 4.1)."""
    header = struct.pack("!6H", identity, 0x0100, 1, 0, 0, 0)
    return header + encode_name(name) + struct.pack("!2H", kind, 1)


def skip_name(message, at):
    while message[at] != 0:
        if message[at] >= 0xC0:
            return at + 2
        at += 1 + message[at]
    return at + 1


def answers(message):
    """The addresses in an answer, and its lowest time to live."""
    _, _, questions, count, _, _ = struct.unpack_from("!6H", message)
    at = 12
    for _ in range(questions):
        at = skip_name(message, at) + 4
    found, lowest = [], 30
    for _ in range(count):
        at = skip_name(message, at)
        kind, _, ttl, length = struct.unpack_from("!2HIH", message, at)
        data = message[at + 10 : at + 10 + length]
        at += 10 + length
        lowest = min(lowest, ttl)
        if kind == A:
            found.append(socket.inet_ntop(socket.AF_INET, data))
        elif kind == AAAA:
            found.append(socket.inet_ntop(socket.AF_INET6, data))
    return found, lowest


def truncated(message):
    """The TC bit: the answer did not fit into a datagram."""
    return bool(message[2] & 0x02)


class Resolver:
    """Asks one name server; `lookup` returns the first answer of the search list."""

    def __init__(self, server, search=(), tally=None, kinds=(A, AAAA)):
        self.server = server
        self.search = list(search)
        self.tally = tally
        self.kinds = kinds

    def candidates(self, name):
        if name.endswith("."):
            return [name]
        return [f"{name}.{domain}" for domain in self.search] + [name]

    def lookup(self, name):
        for candidate in self.candidates(name):
            found = self.ask(candidate)
            if found:
                return random.choice(found)
        raise LookupError(f"{name}: no such name at {self.server}")

    def ask(self, name):
        """Send a query of each kind from one new port and read as many answers."""
        family = socket.AF_INET6 if ":" in self.server else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.settimeout(5)
            asking.connect((self.server, 53))
            for kind in self.kinds:
                asking.send(query(random.randrange(65536), name, kind))
            received = [asking.recv(4096) for _ in self.kinds]
        if self.tally:
            self.tally.add(dns_queries=len(self.kinds))
        if any(truncated(message) for message in received):
            received = [self.ask_over_tcp(name, kind) for kind in self.kinds]
        return [address for message in received for address in answers(message)[0]]

    def ask_over_tcp(self, name, kind):
        """The same question where answers have no limit (RFC 7766)."""
        with socket.create_connection((self.server, 53), timeout=5) as asking:
            message = query(random.randrange(65536), name, kind)
            asking.sendall(struct.pack("!H", len(message)) + message)
            stream = asking.makefile("rb")
            (length,) = struct.unpack("!H", stream.read(2))
            received = stream.read(length)
        if self.tally:
            self.tally.add(dns_queries_over_tcp=1)
        return received
