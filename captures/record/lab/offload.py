"""Switch off segmentation and checksum offload of an interface (what `ethtool -K` does)."""

import ctypes
import fcntl
import socket
import struct
import sys

SIOCETHTOOL = 0x8946
# ETHTOOL_STXCSUM, ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO of linux/ethtool.h.
SWITCHES = (0x17, 0x1F, 0x24, 0x2C)


def switch_off(interface):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for switch in SWITCHES:
            value = ctypes.create_string_buffer(struct.pack("II", switch, 0), 8)
            request = struct.pack("16sP", interface.encode(), ctypes.addressof(value))
            fcntl.ioctl(control, SIOCETHTOOL, request)


if __name__ == "__main__":
    switch_off(sys.argv[1])
