"""Namespaces, links and bridges, and their removal.

A `Network` owns everything a recording makes. Leaving its `with` block ends the
programs and deletes the namespaces, whatever happened inside.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

PROGRAMS = Path(__file__).resolve().parent.parent / "programs"


class Program:
    """A running program of a namespace; its last line of output is what it counted."""

    def __init__(self, name, process):
        self.name = name
        self.process = process
        self.said = b""

    def finished(self):
        """Wait until it ended, or says that it holds its connections open."""
        while line := self.process.stdout.readline():
            self.said += line
            if line == b"holding\n":
                return
        self.process.wait()

    def stop(self):
        """Ask it to end and return what it counted (nothing, if it prints no JSON)."""
        if self.process.poll() is None:
            self.process.terminate()
        output, _ = self.process.communicate(timeout=30)
        lines = (self.said + output).decode().strip().splitlines()
        return json.loads(lines[-1]) if lines else {}

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Namespace:
    """One network namespace: a pod, a node, a router or the world outside."""

    def __init__(self, network, label):
        self.network = network
        self.label = label
        self.name = f"{network.name}-{os.getpid()}-{label}"
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        self.run("ip", "link", "set", "lo", "up")

    def run(self, *argv, stdin=None):
        """Run a command to its end; its failure ends the recording."""
        done = subprocess.run(
            ["ip", "netns", "exec", self.name, *argv],
            input=stdin, capture_output=True, text=True, check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{self.label}: {' '.join(argv)}: {done.stderr.strip()}")
        return done.stdout

    def ip(self, command):
        return self.run("ip", *command.split())

    def sysctl(self, *settings):
        return self.run("sysctl", "-qw", *settings)

    def start(self, *argv, name=None):
        """Start a command and leave it running."""
        process = subprocess.Popen(
            ["ip", "netns", "exec", self.name, *argv], stdout=subprocess.PIPE
        )
        return self.network.own(Program(name or self.label, process))

    def program(self, script, *arguments, name=None):
        """Start one of programs/; a dict among the arguments is passed as JSON."""
        words = [json.dumps(a) if isinstance(a, dict) else str(a) for a in arguments]
        return self.start(sys.executable, "-B", str(PROGRAMS / script), *words, name=name)

    def listens(self, protocol, port, within=10):
        """Wait until a program here listens; recordings begin with servers that are up."""
        flags = "-Hlnt" if protocol == "tcp" else "-Hlnu"
        until = time.monotonic() + within
        while time.monotonic() < until:
            if any(line.split()[3].endswith(f":{port}") for line in self.run("ss", flags).splitlines()):
                return
            time.sleep(0.05)
        raise RuntimeError(f"{self.label}: nothing listens on {protocol} {port}")


class Network:
    """The namespaces, links and programs of one recording."""

    def __init__(self, name):
        self.name = name
        self.namespaces = []
        self.programs = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for program in self.programs:
            program.kill()
        for namespace in self.namespaces:
            subprocess.run(["ip", "netns", "del", namespace.name], check=False)

    def own(self, program):
        self.programs.append(program)
        return program

    def namespace(self, label, ipv6=False, router=False):
        namespace = Namespace(self, label)
        self.namespaces.append(namespace)
        quiet = "0" if ipv6 else "1"
        namespace.sysctl(
            f"net.ipv6.conf.all.disable_ipv6={quiet}",
            f"net.ipv6.conf.default.disable_ipv6={quiet}",
            # No duplicate address detection: addresses work at once.
            "net.ipv6.conf.default.accept_dad=0",
            "net.ipv6.conf.default.router_solicitations=0",
            # No link-local address but those a scenario gives.
            "net.ipv6.conf.default.addr_gen_mode=1",
        )
        if router:
            namespace.sysctl("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        return namespace

    def cable(self, one, one_end, two, two_end, offload=False):
        """Join two namespaces with a veth pair, both ends up.

        Without `offload`, frames are what a wire would carry: at most the MTU, with
        real checksums.
        """
        one.ip(f"link add {one_end} type veth peer name {two_end} netns {two.name}")
        for namespace, end in ((one, one_end), (two, two_end)):
            if not offload:
                self.plain_frames(namespace, end)
            namespace.ip(f"link set {end} up")

    def plain_frames(self, namespace, interface):
        """No segmentation, merging or checksums left to hardware that is not there."""
        namespace.run(sys.executable, "-B", str(Path(__file__).with_name("offload.py")), interface)

    def bridge(self, namespace, bridge, addresses=()):
        namespace.ip(f"link add {bridge} type bridge")
        for address in addresses:
            namespace.ip(f"addr add {address} dev {bridge}")
        namespace.ip(f"link set {bridge} up")

    def attach(self, namespace, addresses, switch, bridge, port, gateways=(), offload=False):
        """Plug a namespace's eth0 into a bridge, with its addresses and default routes."""
        self.cable(namespace, "eth0", switch, port, offload)
        for address in addresses:
            namespace.ip(f"addr add {address} dev eth0")
        for gateway in gateways:
            namespace.ip(f"route add default via {gateway}")
        switch.ip(f"link set {port} master {bridge}")
