"""A distant network in user space: packets between two TUN devices, one way delayed.

usage: relay.py NAMESPACE_NEAR NAMESPACE_FAR MILLISECONDS

Makes `wan0` in both namespaces. What leaves the near side waits; what comes back does not,
so a round trip takes that many milliseconds longer.
"""

import collections
import ctypes
import fcntl
import os
import select
import struct
import sys
import time

CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000


def open_tun(namespace):
    """A TUN device belongs to the namespace in which it is opened."""
    with open(f"/var/run/netns/{namespace}") as handle:
        if ctypes.CDLL(None, use_errno=True).setns(handle.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"setns {namespace}")
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", b"wan0", IFF_TUN | IFF_NO_PI))
    return device


def relay(near, far, delay):
    """Read one packet at a time; hold those for the far side until their time has come."""
    waiting = collections.deque()
    while True:
        pause = max(0, waiting[0][0] - time.monotonic()) if waiting else None
        ready, _, _ = select.select([near, far], [], [], pause)
        now = time.monotonic()
        if near in ready:
            waiting.append((now + delay, os.read(near, 65536)))
        if far in ready:
            os.write(near, os.read(far, 65536))
        while waiting and waiting[0][0] <= now:
            os.write(far, waiting.popleft()[1])


def main():
    near, far = open_tun(sys.argv[1]), open_tun(sys.argv[2])
    relay(near, far, float(sys.argv[3]) / 1000)


if __name__ == "__main__":
    main()
