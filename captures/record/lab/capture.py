"""Captures: tcpdump and dumpcap, started before the traffic and ended after it."""

import signal
import time


class Capture:
    """One capturing program writing into the scenario's folder."""

    def __init__(self, program):
        self.program = program
        # Both print nothing on standard output; the socket is open well within this.
        time.sleep(1.0)

    def stop(self):
        """Let the last packets arrive, then end it so that it flushes its file."""
        time.sleep(0.5)
        self.program.process.send_signal(signal.SIGINT)
        self.program.process.wait(timeout=10)


def tcpdump(namespace, interface, path, *options):
    """`-Z root`: tcpdump otherwise gives up the right to write the file. `-B`: no drops."""
    return Capture(namespace.start(
        "tcpdump", "-i", interface, "-w", str(path), "-n", "-U", "-q", "-Z", "root",
        "-B", "16384", *options,
    ))


def ring(namespace, path):
    """All interfaces through one raw socket, with both sightings of a loopback frame."""
    return Capture(namespace.program("ring.py", str(path)))


def dumpcap(namespace, interfaces, path, *options):
    named = [word for interface in interfaces for word in ("-i", interface)]
    return Capture(namespace.start("dumpcap", "-q", *named, *options, "-w", str(path)))
