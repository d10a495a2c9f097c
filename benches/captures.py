"""The captures to measure with: a file for each profile of the generator, made when it is missing.

    python3 benches/captures.py GENERATOR FOLDER [NAME...]

Each is written beside what is true of it (`.json`), and the objects of one cluster of 5 000 pods
beside all (`pods.yaml`).
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

PODS = 5_000
# A file's name, and its profile: what `just bench` measures, in this order.
MEASURED = {
    "small.pcap": "small",
    "headers.pcap": "headers",
    "elephant.pcap": "elephant",
    "long.pcap": "long",
    "any.pcap": "any",
    "small.pcapng": "small",
    "small.pcap.zst": "small",
    "hostile-keys.pcap": "hostile-keys",
    "hostile-flood.pcap": "hostile-flood",
    "hostile-fragments.pcap": "hostile-fragments",
    "hostile-chains.pcap": "hostile-chains",
}
# Others that something is measured with, and how many packets they have.
OTHERS = {"wide.pcap": ("wide", None), "micro.pcap": ("small", 500_000), "micro-any.pcap": ("any", 100_000)}
# Before a capture is written, so much has to be free: the largest has less.
ROOM = 4 << 30


def path(generator, folder, name):
    """The capture of that name, written first when it is not there."""
    folder = Path(folder)
    capture, truth = folder / name, folder / f"{name}.json"
    if capture.exists() and truth.exists():
        return capture
    folder.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(folder).free < ROOM:
        sys.exit(f"{folder}: less than 4 GiB are free, expected room for {name}; remove captures that are there")
    profile, packets = OTHERS.get(name) or (MEASURED[name], None)
    print(f"writing {capture}", file=sys.stderr)
    # Under another name until it is whole; endings say its form.
    partial = capture.with_name(f"partial-{name}")
    size = ["--packets", str(packets)] if packets else []
    written = subprocess.run(
        [str(generator), "--profile", profile, *size, "--pods", str(PODS), "--output", str(partial)]
        + ["--cluster", str(folder / "pods.yaml")],
        check=True, stdout=subprocess.PIPE,
    ).stdout
    os.replace(partial, capture)
    truth.write_bytes(written)
    return capture


def truth(capture):
    """What is true of a capture, where that is known."""
    beside = Path(f"{capture}.json")
    return json.loads(beside.read_bytes()) if beside.exists() else None


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    generator, folder, *names = sys.argv[1:]
    known = [*MEASURED, *OTHERS]
    for name in names or MEASURED:
        if name not in known:
            sys.exit(f"{name}: no such capture, expected one of {', '.join(known)}")
        print(path(generator, folder, name))


if __name__ == "__main__":
    main()
