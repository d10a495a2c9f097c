"""One capture in several files. See ../../rotated/README.md."""

from lab.capture import tcpdump
from lab.switch import plug, serve, steps


def record(scenario):
    node, boxes = plug(scenario, {"web": ["10.244.1.10/24"], "api": ["10.244.1.11/24"]})
    server = serve(boxes["api"], tcp=[8080])
    capture = tcpdump(node, "cni0", scenario.path("rotated-%s.pcap"), "-G", "2")
    client = steps(
        boxes["web"],
        # The first stays open over all files; the others come and go.
        ["connect", "10.244.1.11", 8080], ["ask", 100, 1000], ["wait", 0.5],
        *[["connect", "10.244.1.11", 8080], ["ask", 200, 6000], ["wait", 0.6], ["ask", 200, 6000], ["close"]] * 10,
        ["use", 0], ["ask", 100, 1000], ["close"],
    )
    scenario.conclude(capture, [client], [server])
    # tcpdump names files by the second they begin in; numbers stay when recorded again.
    parts = [
        part.rename(scenario.path(f"part-{number}.pcap"))
        for number, part in enumerate(sorted(scenario.folder.glob("rotated-*.pcap")), 1)
    ]
    files = ", ".join(part.name for part in parts)
    scenario.path("scenario.yaml").write_text(f"version: 1\ncaptures:\n  - files: [{files}]\n")
