"""Two network namespaces with a pair of interfaces between them, and what runs in them.

What clients send comes in at the node's interface, what servers send goes out there, and both end
behind it: each frame is seen once.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

NEEDED = ("ip", "nft", "taskset", "nice")
SENDER, NODE = "10.200.0.2", "10.200.0.1"
# The processors of whoever sends and of whoever captures.
SENDS_ON, CAPTURES_ON = "1", "0"


def reason_to_step_aside(*programs):
    if os.geteuid() != 0:
        return "not root"
    if len(os.sched_getaffinity(0)) < 2:
        return "one processor: the sender would take the time of the capture"
    missing = [program for program in NEEDED + programs if not shutil.which(program)]
    return f"no {', '.join(missing)}" if missing else None


def unaccounted(sent, own, coverage):
    """What is wrong with the account of so many packets, if anything is; `own` are those of its own
    connections, over loopback, which are left out, counted, and not the sender's."""
    excluded = coverage["skipped"].get("excluded", 0)
    known = coverage["frames"] - excluded + coverage["dropped"]
    # What the kernel drops has no interface: it may be of these as well.
    most = sent + max(0, own - excluded) if coverage["dropped"] else sent
    if sent <= known <= most:
        return None
    return f"{known} packets are accounted for, {sent} passed, and {own} of its own: {coverage}"


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


class Link:
    """The namespaces, for as long as it is entered."""

    def __init__(self, sender_binary):
        self.sender_binary = sender_binary
        self.sender = f"pf-link-{os.getpid()}-sender"
        self.node = f"pf-link-{os.getpid()}-node"

    def __enter__(self):
        for namespace in self.sender, self.node:
            run("ip", "netns", "add", namespace)
            # Neighbour solicitations would be frames that nobody sent.
            self.inside(namespace, "sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6")
            run("ip", "-n", namespace, "link", "set", "lo", "up")
        run("ip", "-n", self.sender, "link", "add", "out0", "type", "veth", "peer", "name", "in0", "netns", self.node)
        for namespace, interface, address in (self.sender, "out0", SENDER), (self.node, "in0", NODE):
            run("ip", "-n", namespace, "addr", "add", f"{address}/24", "dev", interface)
            run("ip", "-n", namespace, "link", "set", interface, "up")
        for near, far, address in (
            ((self.sender, "out0"), (self.node, "in0"), NODE),
            ((self.node, "in0"), (self.sender, "out0"), SENDER),
        ):
            namespace, interface = near
            link = json.loads(run("ip", "-n", far[0], "-j", "link", "show", far[1]))[0]
            run("ip", "-n", namespace, "neigh", "replace", address, "lladdr", link["address"], "dev", interface,
                "nud", "permanent")
            # Taps have seen a frame by then; what the kernel would do with it is not measured.
            chain = f"type filter hook ingress device {interface} priority 0; policy drop;"
            self.inside(namespace, "nft", f"add table netdev end; add chain netdev end in {{ {chain} }}")
        return self

    def __exit__(self, *_):
        for namespace in self.sender, self.node:
            subprocess.run(["ip", "netns", "del", namespace], capture_output=True)

    @staticmethod
    def inside(namespace, *command):
        return run("ip", "netns", "exec", namespace, *command)

    def send(self, connections, packets, rate):
        """Sends, and says what was sent."""
        command = ["ip", "netns", "exec", self.sender, "taskset", "-c", SENDS_ON, "nice", "-n", "-15",
                   self.sender_binary, "--next-hop", NODE, "--far", f"/var/run/netns/{self.node}",
                   "--far-hop", SENDER, "--connections", str(connections),
                   "--packets", str(packets), "--rate", str(rate)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def passed(self, interface="in0"):
        """Packets that came in or went out at an interface of the node."""
        link = json.loads(run("ip", "-n", self.node, "-s", "-j", "link", "show", interface))[0]
        return sum(link["stats64"][way]["packets"] for way in ("rx", "tx"))

    def capture(self, *command):
        """Starts what captures."""
        return Capture(self, *command)

    def live(self, binary, *options):
        return Live(self, binary, options)


class Capture:
    """A process that captures, on a processor of its own, and what it costs."""

    def __init__(self, link, *command):
        place = ["ip", "netns", "exec", link.node, "taskset", "-c", CAPTURES_ON, "nice", "-n", "-15"]
        self.process = subprocess.Popen([*place, *command], stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
        self.said = ""

    def wait_for(self, words):
        """Reads what it says until these words come."""
        for line in self.process.stderr:
            self.said += line
            if words in line:
                return line
        sys.exit(f"it ended: {self.said}")

    def cpu_ns(self):
        """Processor time of all its threads."""
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)

    def memory(self, field="VmRSS"):
        """Octets that are there now, or were at most (VmHWM)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"^{field}:\s+(\d+) kB", status, re.M)[1]) << 10

    def end(self):
        self.process.send_signal(signal.SIGINT)
        self.said += self.process.stderr.read()
        if code := self.process.wait():
            sys.exit(f"exit code {code}: {self.said}")
        return self.said


class Live(Capture):
    """`pilotfish live`, which can be asked."""

    def __init__(self, link, binary, options):
        self.link, self.binary = link, binary
        super().__init__(link, binary, "live", "--listen", "127.0.0.1:0", "--node", "node-1", *options)
        line = self.wait_for("serving on http://")
        self.url = re.search(r"http://[^;]+", line)[0]

    def ask(self, *question):
        answer = self.link.inside(self.link.node, self.binary, *question, "-o", "json", "--url", self.url)
        return json.loads(answer)

    def coverage(self):
        """The account, once all that was sent has been read: an answer may be old where it was dear."""
        sent = datetime.now(timezone.utc).isoformat()
        for _ in range(120):
            time.sleep(1)
            coverage = self.ask("summary", "--window", "1h")["coverage"]
            if coverage["to"] > sent:
                return coverage
        sys.exit("no answer is as new as the last packet")
