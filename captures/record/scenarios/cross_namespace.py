"""Traffic within a namespace and between three. See ../../cross-namespace/README.md."""

from lab.capture import tcpdump
from lab.switch import plug, serve, steps

PODS = {"web": 10, "api": 11, "ledger": 12, "store": 13, "probe": 14}


def record(scenario):
    node, boxes = plug(scenario, {name: [f"10.244.1.{n}/24"] for name, n in PODS.items()})
    address = {name: f"10.244.1.{n}" for name, n in PODS.items()}
    servers = [
        serve(boxes["api"], tcp=[8080], udp=[8125]),
        serve(boxes["ledger"], tcp=[9000]),
        serve(boxes["store"], tcp=[5432]),
    ]
    capture = tcpdump(node, "cni0", scenario.path("cross-namespace.pcap"))

    def visits(name, port, count, octets):
        one = [["connect", address[name], port], ["ask", 250, octets], ["close"], ["wait", 0.1]]
        return [step for _ in range(count) for step in one]

    clients = [
        steps(boxes["web"], *visits("api", 8080, 6, 3000), *visits("ledger", 9000, 2, 800)),
        steps(boxes["api"], *visits("ledger", 9000, 4, 1200), *visits("store", 5432, 3, 9000)),
        steps(boxes["ledger"], *visits("store", 5432, 5, 6000)),
        steps(boxes["probe"], ["udp", address["api"], 8125], *[["send", 120]] * 8),
    ]
    scenario.conclude(capture, clients, servers)
