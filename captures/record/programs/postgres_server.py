"""Answers `SELECT … LIMIT n` with n rows in the PostgreSQL protocol. usage: postgres_server.py PORT"""

import re
import socketserver
import struct
import sys
import threading

from tally import Tally, hold_signals, until_told

COLUMNS = (b"id", b"item", b"price")
TEXT_OID = 25


def message(kind, body):
    return kind + struct.pack("!I", 4 + len(body)) + body


def greeting():
    settings = (b"server_version\x0016.4\0", b"client_encoding\0UTF8\0")
    parts = [message(b"R", struct.pack("!I", 0))]
    parts += [message(b"S", setting) for setting in settings]
    parts += [message(b"K", struct.pack("!II", 4711, 815)), message(b"Z", b"I")]
    return b"".join(parts)


def rows(count):
    columns = b"".join(
        name + b"\0" + struct.pack("!IHIhIH", 0, 0, TEXT_OID, -1, 0xFFFFFFFF, 0) for name in COLUMNS
    )
    yield message(b"T", struct.pack("!H", len(COLUMNS)) + columns)
    for number in range(count):
        values = (b"%08d" % number, b"item of order %08d, one of many" % number, b"%d.90" % (number % 97))
        body = b"".join(struct.pack("!I", len(value)) + value for value in values)
        yield message(b"D", struct.pack("!H", len(values)) + body)
    yield message(b"C", b"SELECT %d\0" % count)
    yield message(b"Z", b"I")


class Session(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        self.server.tally.add(accepted=1)
        (length,) = struct.unpack("!I", self.rfile.read(4))
        self.rfile.read(length - 4)
        self.wfile.write(greeting())
        while (kind := self.rfile.read(1)) == b"Q":
            (length,) = struct.unpack("!I", self.rfile.read(4))
            asked = int(re.search(rb"LIMIT (\d+)", self.rfile.read(length - 4))[1])
            answer = b"".join(rows(asked))
            self.wfile.write(answer)
            self.server.tally.add(queries=1, rows=asked, answered_octets=len(answer))
        self.server.tally.add(ended=kind == b"X")


def main():
    hold_signals()
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    server = socketserver.ThreadingTCPServer(("", int(sys.argv[1])), Session)
    server.daemon_threads = True
    server.tally = Tally()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    until_told(server.tally)


if __name__ == "__main__":
    main()
