"""Records every interface through one AF_PACKET socket, as an agent on a node does. usage: ring.py FILE

Unlike tcpdump it keeps both sightings of a loopback frame, out and in again. Link type SLL2.
"""

import select
import signal
import socket
import struct
import sys

ETH_P_ALL, LINUX_SLL2 = 3, 276
SOL_SOCKET, SO_TIMESTAMPNS = 1, 35
BIGGEST = 65536


def main():
    # Ended by the signal that ends tcpdump, at the next frame or within a moment.
    ended = []
    signal.signal(signal.SIGINT, lambda *_: ended.append(True))
    ring = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
    ring.setsockopt(SOL_SOCKET, SO_TIMESTAMPNS, 1)
    ring.setsockopt(SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    with open(sys.argv[1], "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, BIGGEST, LINUX_SLL2))
        while not ended:
            if select.select([ring], [], [], 0.1)[0]:
                file.write(frame(ring))


def frame(ring):
    """A record: time, lengths, the SLL2 header and the packet."""
    packet, ancillary, _, (interface, protocol, way, hardware, address) = ring.recvmsg(BIGGEST, 64)
    seconds, nanoseconds = struct.unpack("qq", ancillary[0][2])
    header = struct.pack("!HHIHBB8s", protocol, 0, socket.if_nametoindex(interface), hardware, way, len(address), address)
    length = len(header) + len(packet)
    return struct.pack("<IIII", seconds, nanoseconds // 1000, length, length) + header + packet


if __name__ == "__main__":
    main()
