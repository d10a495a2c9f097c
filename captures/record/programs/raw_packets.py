"""Sends IP payloads that no ordinary socket makes. Root only.

usage: raw_packets.py '{"packets": [{"to": "10.244.1.3", "protocol": 6, "hex": "9c40…"}]}'
       raw_packets.py '{"syn_to": "10.244.1.3", "port": 8080, "from": "10.244.1.2", "count": 3}'
"""

import json
import socket
import struct
import sys
import time

SYN = 0x02


def checksum(octets):
    """The Internet checksum (RFC 1071)."""
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def syn(source, target, from_port, port, sequence):
    """A SYN without options, as scanners send it."""
    header = struct.pack("!HHIIBBHHH", from_port, port, sequence, 0, 5 << 4, SYN, 1024, 0, 0)
    pseudo = socket.inet_aton(source) + socket.inet_aton(target) + struct.pack("!BBH", 0, 6, len(header))
    return header[:16] + struct.pack("!H", checksum(pseudo + header)) + header[18:]


def send(target, protocol, payload):
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, protocol) as raw:
        raw.sendto(payload, (target, 0))


def main():
    config = json.loads(sys.argv[1])
    for packet in config.get("packets", []):
        send(packet["to"], packet["protocol"], bytes.fromhex(packet["hex"]))
    for number in range(config.get("count", 0)):
        segment = syn(config["from"], config["syn_to"], 52000 + number, config["port"], 1000 * (number + 1))
        send(config["syn_to"], 6, segment)
        time.sleep(0.2)
    print(json.dumps({"raw_packets_sent": len(config.get("packets", [])) + config.get("count", 0)}))


if __name__ == "__main__":
    main()
