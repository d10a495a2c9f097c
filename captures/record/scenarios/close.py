"""How connections end. See ../../close/README.md."""

import time

from lab.capture import tcpdump
from lab.distance import apart
from lab.switch import serve, steps

CLIENT, SERVER = "10.244.1.10", "10.244.2.10"


def record(scenario):
    near, far = scenario.network.namespace("client"), scenario.network.namespace("server")
    apart(near, far, 15)
    near.ip(f"addr add {CLIENT} peer {SERVER} dev wan0")
    far.ip(f"addr add {SERVER} peer {CLIENT} dev wan0")
    scenario.count(near, [CLIENT])
    scenario.count(far, [SERVER])
    crossing = time.time() + 6
    server = serve(far, tcp={
        8001: {}, 8002: {"close_after": 1}, 8003: {"at_end": 20000}, 8004: {}, 8005: {"abort_after": 1},
        8006: {"close_at": crossing}, 8007: {}, 8008: {},
    })
    capture = tcpdump(near, "wan0", scenario.path("close.pcap"))
    client = steps(
        near,
        ["connect", SERVER, 8001], ["ask", 100, 500], ["close"],
        ["connect", SERVER, 8002], ["ask", 100, 500], ["read_to_end"], ["close"],
        ["connect", SERVER, 8003], ["send", 100], ["shutdown"], ["read_to_end"], ["close"],
        ["connect", SERVER, 8004], ["ask", 100, 500], ["abort"],
        ["connect", SERVER, 8005], ["ask", 100, 0], ["wait", 0.2], ["close"],
        ["connect", SERVER, 8007], ["send", 100, 5000], ["wait", 0.2], ["close"],
        ["connect", SERVER, 8008], ["ask", 100, 500],
        # Its FIN is on the way for 15 ms; the server sends its own 5 ms after it left.
        ["connect", SERVER, 8006], ["ask", 100, 500], ["until", crossing - 0.005], ["close"],
        ["hold"],
    )
    scenario.conclude(capture, [client], [server])
