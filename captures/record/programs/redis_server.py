"""Answers HGETALL with a small hash in the Redis protocol. usage: redis_server.py PORT"""

import socketserver
import sys
import threading

from tally import Tally, hold_signals, until_told

FIELDS = [b"sku-1041", b"2", b"sku-2207", b"1", b"voucher", b"AUTUMN-10", b"note", b"leave at the door\r\n"]


class Session(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        self.server.tally.add(accepted=1)
        while line := self.rfile.readline():
            for _ in range(int(line[1:])):
                length = int(self.rfile.readline()[1:])
                self.rfile.read(length + 2)
            parts = [b"*%d\r\n" % len(FIELDS)] + [b"$%d\r\n%s\r\n" % (len(f), f) for f in FIELDS]
            self.wfile.write(b"".join(parts))
            self.server.tally.add(commands=1)


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
