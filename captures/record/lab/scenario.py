"""One recording: its folder, its network, and the true numbers written beside the capture."""

import json
import subprocess
import time
from collections import Counter
from datetime import datetime, timezone

from lab import counts, ends

MARK = "<!-- counted while recording; rewritten by captures/record/record -->"


def times(client, server):
    """How often each packet from the client, and each from the server, is in the capture."""
    return {"client": client, "server": server}


def once(_flow):
    return times(1, 1)


class Scenario:
    """What a script of scenarios/ works with."""

    def __init__(self, folder, network):
        self.folder = folder
        self.network = network
        self.counted = []
        self.names = {}
        self.facts = []
        self.rows = []
        for old in [*folder.glob("*.pcap*"), *folder.glob("truth.json")]:
            old.unlink()

    def path(self, name):
        return self.folder / name

    def count(self, namespace, addresses, name=None):
        """Let the kernel count what this namespace sends and receives, from now on."""
        counts.start(namespace)
        self.counted.append((namespace, addresses))
        for address in addresses:
            self.names[address] = name or namespace.label

    def fact(self, text):
        """A true sentence for the README, with numbers of this recording."""
        self.facts.append(text)

    def tell(self, program):
        """End a program and put what it counted of its own doing into the README."""
        counted = program.stop()
        told = ", ".join(f"{what} {n}" for what, n in counted.items())
        self.fact(f"{program.name}: {told or 'nothing'}")
        return counted

    def conclude(self, capture, clients, servers, captured=once):
        """Let the clients come to their end, take the truth, and end everything."""
        for client in clients:
            client.finished()
        self.settle()
        self.truth(captured)
        capture.stop()
        for program in [*clients, *servers]:
            self.tell(program)

    def settle(self):
        """Let the last packets arrive."""
        time.sleep(0.5)

    def tell_ends(self, flows):
        """Each end's own counts: how often a capture of many hops has a packet is another matter."""
        self.write_truth(flows, lambda _flow: times(None, None))
        self.rows = ends.table(self.flows)

    def truth(self, captured=once):
        """Take the kernel's counts now, while the programs still listen.

        `captured` says of a flow how often the capture has each of its packets.
        """
        self.write_truth(counts.flows(self.counted, self.names), captured)

    def write_truth(self, flows, captured=once):
        self.flows = [{**flow, "captured": captured(flow)} for flow in flows]
        self.path("truth.json").write_text(json.dumps({"flows": self.flows}, indent=1) + "\n")
        self.rows = table(self.flows)

    def finish(self):
        """Write the numbers below the mark of the README and print them."""
        lines = [MARK, ""]
        lines += [f"- {fact}" for fact in self.facts] + [""] * bool(self.facts)
        lines += self.rows
        lines += ["| file | frames | neither TCP nor UDP | octets in the file | first frame (UTC) | seconds |"]
        lines += ["|---|---|---|---|---|---|"]
        for capture in sorted(self.folder.glob("*.pcap*")):
            capture.chmod(0o644)
            lines.append(describe(capture))
        text = "\n".join(lines) + "\n"
        readme = self.path("README.md")
        told = readme.read_text().split(MARK)[0] if readme.exists() else f"# {self.folder.name}\n\n"
        readme.write_text(told + text)
        print(text, flush=True)


def table(flows):
    lines = [
        "| proto | client | server | client ports | client → server (pkts, IP bytes) | server → client |",
        "|---|---|---|---|---|---|",
    ]
    for flow in flows:
        server = flow["server"]
        lines.append(
            f"| {flow['proto']} | {end(flow['client'])} | {end(server)}:{server['port']} "
            f"| {flow['client_ports']} | {way(flow, 'client')} | {way(flow, 'server')} |"
        )
    return [*lines, ""]


def way(flow, side):
    """What was delivered; and what was sent, where some of it never arrived."""
    sent, arrived = flow[side + "_sent_pkts"], flow[side + "_delivered_pkts"]
    delivered = f"{arrived}, {flow[side + '_delivered_bytes']}"
    return delivered if sent <= arrived else f"{delivered} (sent: {sent}, {flow[side + '_sent_bytes']})"


def end(side):
    return f"{side['ip']} {side['name']}".strip()


def describe(capture):
    """A row of numbers that capinfos reads from the file."""
    report = subprocess.run(
        ["capinfos", "-TrcsuaS", str(capture)], capture_output=True, text=True, check=True
    ).stdout
    _, frames, octets, seconds, first = report.strip().split("\t")
    if frames == "0":
        return f"| `{capture.name}` | 0 | 0 | {octets} | | |"
    moment = datetime.fromtimestamp(float(first), timezone.utc).strftime("%Y-%m-%d %H:%M:%S")
    return f"| `{capture.name}` | {frames} | {others(capture)} | {octets} | {moment} | {float(seconds):.3f} |"


def others(capture):
    """Frames that are neither TCP nor UDP, by the name tshark gives them."""
    listed = subprocess.run(
        ["tshark", "-r", str(capture), "-n", "-Y", "icmp or icmpv6 or not (tcp or udp)",
         "-T", "fields", "-e", "_ws.col.Protocol"], capture_output=True, text=True, check=True
    ).stdout
    kinds = Counter(listed.split())
    return ", ".join(f"{kind} {n}" for kind, n in sorted(kinds.items())) or "0"
