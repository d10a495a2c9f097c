"""A client that does what it is told, step by step, on real sockets.

usage: steps.py '{"steps": [["connect", "10.244.1.3", 8080], ["ask", 100, 5000], ["close"]]}'

  connect ADDRESS PORT [FROM_PORT [FROM_ADDRESS]]   TCP; a refusal is counted, not fatal
  udp ADDRESS PORT [FROM_PORT [FROM_ADDRESS]]       a connected UDP socket
  patience SECONDS   how long sockets made from now on wait for anything (8 at first)
  use N              go on with the Nth socket made (0 is the first)
  ask SEND ANSWER    send that many octets, then read an answer of that many
  send SEND          send, and want no answer
  read OCTETS        read octets that come unasked
  shutdown           end one's own direction
  read_to_end        read until the other end closes
  close, abort       FIN, or RST (with SO_LINGER 0)
  resolver ADDRESS SEARCH, lookup NAME              DNS, A and AAAA
  repeat TIMES STEPS
  wait SECONDS, until UNIX_SECONDS, hold            hold: keep all open until told to end
"""

import json
import socket
import struct
import sys
import time

from resolver import Resolver
from tally import Tally, hold_signals, until_told

HEADER = struct.Struct("!II")


class Client:
    def __init__(self):
        self.tally = Tally()
        self.made = []
        self.current = None
        self.patience = 8

    def run(self, steps):
        for name, *arguments in steps:
            getattr(self, "do_" + name)(*arguments)

    def open(self, kind, address, from_port, from_address):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.current = socket.socket(family, kind)
        self.made.append(self.current)
        self.current.settimeout(self.patience)
        if from_port or from_address:
            self.current.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.current.bind((from_address, from_port))

    def reach(self, address, port):
        """`fe80::1%eth0` names its interface: getaddrinfo turns that into a scope."""
        self.current.connect(socket.getaddrinfo(address, port, type=self.current.type)[0][4])

    def do_connect(self, address, port, from_port=0, from_address=""):
        self.open(socket.SOCK_STREAM, address, from_port, from_address)
        self.current.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        began = time.monotonic()
        try:
            self.reach(address, port)
        except OSError as failure:
            self.tally.add(**{f"not connected ({failure.strerror or failure})": 1})
            return
        taken = int((time.monotonic() - began) * 1_000_000)
        self.tally.add(**{f"connected :{port}": 1, f"microseconds in connect :{port}": taken})

    def do_udp(self, address, port, from_port=0, from_address=""):
        self.open(socket.SOCK_DGRAM, address, from_port, from_address)
        self.reach(address, port)
        self.tally.add(**{f"udp sockets :{port}": 1})

    def do_patience(self, seconds):
        self.patience = seconds

    def do_use(self, number):
        self.current = self.made[number]

    def do_ask(self, octets, answer):
        self.do_send(octets, answer)
        self.do_read(answer)

    def do_send(self, octets, answer=0):
        self.current.sendall(HEADER.pack(answer, octets - HEADER.size) + b"q" * (octets - HEADER.size))
        self.tally.add(octets_sent=octets)

    def do_read(self, octets):
        left = octets
        while left:
            found = self.current.recv(65536)
            if not found:
                raise EOFError(f"the server closed with {left} octets to come")
            left -= len(found)
        self.tally.add(octets_received=octets)

    def do_read_to_end(self):
        while found := self.current.recv(65536):
            self.tally.add(octets_received=len(found))

    def do_shutdown(self):
        self.current.shutdown(socket.SHUT_WR)

    def do_close(self):
        self.current.close()

    def do_abort(self):
        self.current.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.current.close()

    def do_resolver(self, address, search):
        self.resolver = Resolver(address, search, self.tally)

    def do_lookup(self, name):
        try:
            self.resolver.lookup(name)
        except LookupError:
            self.tally.add(names_not_found=1)

    def do_repeat(self, times, steps):
        for _ in range(times):
            self.run(steps)

    def do_wait(self, seconds):
        time.sleep(seconds)

    def do_until(self, moment):
        time.sleep(max(0, moment - time.time()))

    def do_hold(self):
        print("holding", flush=True)
        until_told(self.tally)
        sys.exit(0)


def main():
    hold_signals()
    client = Client()
    client.run(json.loads(sys.argv[1])["steps"])
    client.tally.show()


if __name__ == "__main__":
    main()
