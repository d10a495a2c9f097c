"""One pcapng file from two interfaces. See ../../pcapng/README.md."""

from lab.capture import dumpcap
from lab.scenario import times
from lab.switch import plug, serve, steps

PODS = {"web": ["10.244.1.10/24"], "api": ["10.244.1.11/24"], "store": ["10.244.1.12/24"]}


def record(scenario):
    node, boxes = plug(scenario, PODS)
    servers = [serve(boxes["api"], tcp=[8080], udp=[5000]), serve(boxes["store"], tcp=[5432])]
    # The ports of web and api; store's is not captured.
    capture = dumpcap(node, ["veth0", "veth1"], scenario.path("pcapng.pcapng"),
                      "--capture-comment", "recorded at the ports of web and api")
    visit = [["ask", 300, 3000], ["close"], ["wait", 0.1]]
    clients = [
        steps(boxes["web"], *[["connect", "10.244.1.11", 8080], *visit] * 4,
              ["udp", "10.244.1.11", 5000], *[["ask", 100, 400]] * 4),
        steps(boxes["api"], *[["connect", "10.244.1.12", 5432], *visit] * 3),
    ]
    at_both_ends = lambda flow: times(1, 1) if flow["server"]["port"] == 5432 else times(2, 2)  # noqa: E731
    scenario.conclude(capture, clients, servers, at_both_ends)
