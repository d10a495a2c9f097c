"""`pilotfish live` on the nodes of a cluster of namespaces, and the questions put to it."""

import json
import subprocess
import sys
import time

from lab import objects, yaml
from lab.network import Program

PORT = 8898
GET = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=20).read().decode())"


class Trial:
    """What a case works with: a network, a folder, and the live processes of its nodes."""

    def __init__(self, folder, network, pilotfish):
        self.folder, self.network, self.pilotfish = folder, network, pilotfish
        self.lives = []

    def live(self, cluster, node, *options, timeline=None):
        """Start one on a node and wait until it answers. `timeline` is what is known, and will be."""
        if timeline is None:
            file = self.folder / "cluster.yaml"
            file.write_text("---\n".join(yaml.document(each) for each in objects.all_of(cluster)))
        else:
            file = self.folder / "cluster.jsonl"
            file.write_text(objects.lines(timeline))
        made = Live(self, node, ("--cluster", str(file), *options))
        self.lives.append(made)
        made.wait_until_it_answers()
        return made

    def wait(self, seconds):
        """Let answers catch up with the traffic."""
        time.sleep(seconds)

    def said(self):
        """The last words of every process."""
        return [f"{live.node.ref}: {line}" for live in self.lives for line in live.said()[-5:]]


class Live:
    """A running `pilotfish live`."""

    def __init__(self, trial, node, options):
        self.node = node
        self.log = trial.folder / f"{node.ref}.log"
        command = [
            "ip", "netns", "exec", node.box.name, str(trial.pilotfish), "live", "--node", node.ref,
            "--listen", f"127.0.0.1:{PORT}", *options,
        ]
        with self.log.open("wb") as log:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
        self.program = trial.network.own(Program(f"live on {node.ref}", process))

    def said(self):
        return self.log.read_text(errors="replace").splitlines()

    def wait_until_it_answers(self, within=20):
        until = time.monotonic() + within
        while time.monotonic() < until:
            try:
                self.ask("flows", "limit=1")
                return
            except RuntimeError:
                if self.program.process.poll() is not None:
                    break
                time.sleep(0.1)
        raise RuntimeError(f"live on {self.node.ref} does not answer")

    def ask(self, what, query):
        url = f"http://127.0.0.1:{PORT}/mcp/{what}?{query}"
        return json.loads(self.node.box.run(sys.executable, "-c", GET, url))

    def flows(self, query=""):
        return self.ask("flows", f"format=full&limit=10000&window=1h{query}")

    def signal(self, number):
        self.program.process.send_signal(number)
