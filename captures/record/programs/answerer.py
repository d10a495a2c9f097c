"""A server that answers as many octets as it is asked for, on TCP and UDP ports.

usage: answerer.py '{"tcp": {"8080": {}}, "udp": [5000], "address": "::"}'

Options of a TCP port:
  close_after N, abort_after N   end the connection after N answers, with FIN or RST
  close_at UNIX_SECONDS          close at that moment, whatever the client does
  at_end OCTETS                  answer that many once the client has ended its direction
  push [OCTETS, SECONDS]         talk first and again and again, unasked
"""

import json
import socket
import struct
import sys
import threading
import time

from tally import Tally, hold_signals, until_told

HEADER = struct.Struct("!II")


def read(connection, octets):
    """Exactly so many octets, or fewer at the end of the stream."""
    found = b""
    while len(found) < octets and (more := connection.recv(min(65536, octets - len(found)))):
        found += more
    return found


def converse(connection, options, tally):
    try:
        answer(connection, options, tally)
    except ConnectionError as end:
        tally.add(**{type(end).__name__: 1})
    connection.close()


def answer(connection, options, tally):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    answers = 0
    while len(header := read(connection, HEADER.size)) == HEADER.size:
        wanted, rest = HEADER.unpack(header)
        read(connection, rest)
        connection.sendall(b"a" * wanted)
        tally.add(tcp_answers=1, octets_received=HEADER.size + rest, octets_sent=wanted)
        answers += 1
        if answers == options.get("abort_after"):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            break
        if answers == options.get("close_after"):
            break
        if "close_at" in options:
            time.sleep(max(0, options["close_at"] - time.time()))
            break
    else:
        connection.sendall(b"e" * options.get("at_end", 0))
        tally.add(octets_sent=options.get("at_end", 0))


def push(connection, octets, seconds, tally):
    while True:
        connection.sendall(b"p" * octets)
        tally.add(octets_sent=octets)
        time.sleep(seconds)


def serve_tcp(listening, options, tally):
    while True:
        connection, _ = listening.accept()
        tally.add(tcp_accepted=1)
        target, arguments = converse, (connection, options, tally)
        if "push" in options:
            target, arguments = push, (connection, *options["push"], tally)
        threading.Thread(target=target, args=arguments, daemon=True).start()


def serve_udp(listening, tally):
    while True:
        datagram, client = listening.recvfrom(65536)
        wanted = HEADER.unpack_from(datagram)[0] if len(datagram) >= HEADER.size else 0
        tally.add(udp_received=1)
        if wanted:
            listening.sendto(b"a" * wanted, client)
            tally.add(udp_answers=1)


def bound(kind, address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listening = socket.socket(family, kind)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((address, port))
    if kind == socket.SOCK_STREAM:
        listening.listen(64)
    return listening


def main():
    hold_signals()
    config = json.loads(sys.argv[1])
    tally = Tally()
    address = config.get("address", "")
    for port, options in config.get("tcp", {}).items():
        listening = bound(socket.SOCK_STREAM, address, int(port))
        threading.Thread(target=serve_tcp, args=(listening, options, tally), daemon=True).start()
    for port in config.get("udp", []):
        listening = bound(socket.SOCK_DGRAM, address, port)
        threading.Thread(target=serve_udp, args=(listening, tally), daemon=True).start()
    until_told(tally)


if __name__ == "__main__":
    main()
