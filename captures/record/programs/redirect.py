"""Sends what is for a pod straight into it, past the node's side of its interface, as Cilium does.

usage: redirect.py '{"10.244.2.10": "cali10", …}' LOST INTERFACE...

A BPF program on what comes in at each INTERFACE: IPv4 for one of the addresses goes on at
the peer of that address's interface (`bpf_redirect_peer`); frames of LOST octets do not (0: all do).
Runs until it is told to end.
"""

import ctypes
import json
import os
import socket
import struct
import sys

from tally import Tally, hold_signals, until_told

SYS_BPF = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
BPF_PROG_LOAD, BPF_LINK_CREATE = 5, 28
SCHED_CLS, TCX_INGRESS = 3, 46
REDIRECT_PEER, NEXT, SHOT = 155, -1, 2
ETHER_TYPE, IPV4, DESTINATION = 12, 0x0800, 30
# Of the context.
LENGTH = 0


def call(command, attributes):
    attributes = attributes.ljust(128, b"\0")
    held = ctypes.create_string_buffer(attributes, len(attributes))
    done = ctypes.CDLL(None, use_errno=True).syscall(SYS_BPF, command, held, len(attributes))
    if done < 0:
        raise OSError(ctypes.get_errno(), f"bpf command {command}")
    return done


def instruction(operation, registers=0, offset=0, value=0):
    return struct.pack("<BBhI", operation, registers, offset, value & 0xFFFFFFFF)


def program(address, interface, lost):
    """If it is IPv4 and for the address: redirect to the interface's peer, or lose it; else go on."""
    (wanted,) = struct.unpack("!I", socket.inet_aton(address))
    code = [
        instruction(0xBF, 0x16),                        # r6 = r1, the packet
        instruction(0x28, value=ETHER_TYPE),            # r0 = half word
        instruction(0x55, 0x00, 10, IPV4),              # if r0 != IPv4 go to the end
        instruction(0x20, value=DESTINATION),           # r0 = word
        instruction(0xB4, 0x01, 0, wanted),             # w1 = address
        instruction(0x5D, 0x10, 7),                     # if r0 != r1 go to the end
        instruction(0x61, 0x60, LENGTH),                # r0 = octets of the frame
        instruction(0x55, 0x00, 2, lost),               # if r0 != lost go on here
        instruction(0xB7, 0x00, 0, SHOT),               # r0 = gone
        instruction(0x95),
        instruction(0xB7, 0x01, 0, interface),          # r1 = interface
        instruction(0xB7, 0x02, 0, 0),                  # r2 = flags
        instruction(0x05, 0x00, 2),                     # go to the call
        instruction(0xB7, 0x00, 0, NEXT),               # the end: r0 = next program
        instruction(0x95),
        instruction(0x85, value=REDIRECT_PEER),
        instruction(0x95),
    ]
    instructions, licence = (ctypes.create_string_buffer(text) for text in (b"".join(code), b"GPL"))
    log = ctypes.create_string_buffer(16384)
    try:
        return call(BPF_PROG_LOAD, struct.pack(
            "<IIQQIIQ", SCHED_CLS, len(code), ctypes.addressof(instructions), ctypes.addressof(licence),
            1, len(log), ctypes.addressof(log)))
    except OSError:
        sys.stderr.write(log.value.decode())
        raise


def main():
    hold_signals()
    pods = json.loads(sys.argv[1])
    # A link lasts as long as somebody holds its descriptor.
    for interface in sys.argv[3:]:
        for address, port in pods.items():
            loaded = program(address, socket.if_nametoindex(port), int(sys.argv[2]))
            call(BPF_LINK_CREATE, struct.pack("<IIII", loaded, socket.if_nametoindex(interface), TCX_INGRESS, 0))
    print("redirecting", flush=True)
    until_told(Tally())


if __name__ == "__main__":
    main()
