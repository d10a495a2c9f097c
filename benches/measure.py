"""What a command costs: user and system CPU time, wall time, peak memory."""

import json
import os
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

MIB = 1024


@dataclass(frozen=True)
class Cost:
    """Seconds and mebioctets."""

    cpu: float
    wall: float
    peak: float


class Failed(Exception):
    """A command that ended with an error, or not at all."""


def run(command, limit=None, output=None):
    """The cost of one run and what it printed, which goes to `output` where one is named."""
    began = time.monotonic()
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if output is None else output,
        stderr=subprocess.PIPE if output is None else subprocess.STDOUT,
    )
    late = threading.Event()
    timer = threading.Timer(limit, lambda: (late.set(), process.kill())) if limit else None
    if timer:
        timer.start()
    errors = []
    if output is None:
        reader = threading.Thread(target=lambda: errors.append(process.stderr.read()))
        reader.start()
        printed = process.stdout.read()
        reader.join()
    else:
        printed = b""
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - began
    if timer:
        timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    if late.is_set():
        raise Failed(f"not done after {limit:.0f} s")
    if process.returncode != 0:
        said = b"".join(errors).decode(errors="replace").strip().splitlines()
        raise Failed(f"exit code {process.returncode}" + (f": {said[-1]}" if said else ""))
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / MIB), printed


def median(costs):
    """Of each figure, the median."""
    return Cost(*(statistics.median(getattr(cost, name) for cost in costs) for name in ("cpu", "wall", "peak")))


def reading(path):
    """The name of what only reads a file, and its command."""
    # A shell opens /dev/null, so that no pipe is measured.
    tool = "zstd -dcq" if str(path).endswith(".zst") else "cat"
    return tool, ["sh", "-c", f'exec {tool} "$0" > /dev/null', str(path)]


def answering(binary, path, cluster, further=()):
    """The command that is measured: every flow counted, the first hundred written in full."""
    objects = ["--cluster", str(cluster)] if cluster else []
    return [str(binary), "flows", str(path), *objects, "--format", "full", "--limit", "100", "-o", "json", *further]


def frames(printed):
    """The frames that an answer is about."""
    return json.loads(printed)["coverage"]["frames"]


def row(cells):
    """A line of a table in Markdown, shown at once."""
    print("| " + " | ".join(str(cell) for cell in cells) + " |")
    sys.stdout.flush()


def heading(cells):
    row(cells)
    row(["---"] * len(cells))
