"""A capture that starts when connections are up already. See ../../midstream/README.md."""

import time

from lab import counts
from lab.capture import tcpdump
from lab.switch import plug, serve, steps

SERVER = "10.244.1.11"


def record(scenario):
    node, boxes = plug(scenario, {"client": ["10.244.1.10/24"], "server": [f"{SERVER}/24"]})
    server = serve(boxes["server"], tcp={8080: {}, 443: {}, 45000: {}, 41000: {"push": [700, 5.0]}})
    begin = time.time() + 4
    talk = [["ask", 200, 1000]] * 5
    client = steps(
        boxes["client"],
        ["connect", SERVER, 8080], ["ask", 100, 100],
        ["connect", SERVER, 443, 50443], ["ask", 100, 100],
        ["connect", SERVER, 45000, 33000], ["ask", 100, 100],
        ["connect", SERVER, 41000, 52000], ["read", 700],
        ["until", begin],
        ["use", 0], *talk, ["use", 1], *talk, ["close"], ["use", 2], *talk,
        ["use", 3], ["read", 1400], ["hold"],
    )
    # The greetings are over, nothing moves (the next push comes after `begin`): what is counted from here on is captured.
    time.sleep(begin - time.time() - 1.8)
    for namespace, _ in scenario.counted:
        namespace.run("nft", "delete", "table", "inet", "counts")
        counts.start(namespace)
    capture = tcpdump(node, "cni0", scenario.path("midstream.pcap"))
    scenario.conclude(capture, [client], [server])
