"""Two nodes with an overlay, captured between them. See ../../vxlan/README.md."""

from lab.capture import tcpdump
from lab.scenario import times
from lab.switch import serve, steps

# Node address, VXLAN interface's address and hardware address, pod on it, as flannel has them.
NODES = {
    "node-1": ("10.0.0.11", "10.244.1.0", "02:00:0a:f4:01:00", "web", "10.244.1.10"),
    "node-2": ("10.0.0.12", "10.244.2.0", "02:00:0a:f4:02:00", "api", "10.244.2.10"),
}


def record(scenario):
    fabric = scenario.network.namespace("fabric")
    scenario.network.bridge(fabric, "fabric0")
    boxes = {}
    for name in NODES:
        boxes |= build(scenario, fabric, name)
    for name in NODES:
        join(scenario.network, boxes[name], name)
    servers = [
        serve(boxes["api"], tcp=[8080], udp=[5000]),
        # A port of a tunnel, used by a program that speaks something else.
        serve(boxes["node-2"], tcp=[10250], udp=[4789]),
    ]
    capture = tcpdump(fabric, "fabric0", scenario.path("vxlan.pcap"))
    visit = [["ask", 300, 5000], ["close"], ["wait", 0.1]]
    clients = [
        steps(boxes["web"], *[["connect", "10.244.2.10", 8080], *visit] * 4,
              ["udp", "10.244.2.10", 5000], *[["ask", 100, 900]] * 3),
        # A program of the node itself: it comes from the overlay's address, or the node's.
        steps(boxes["node-1"], *[["connect", "10.244.2.10", 8080], *visit] * 2,
              *[["connect", "10.0.0.12", 10250], *visit] * 2,
              ["udp", "10.0.0.12", 4789], *[["ask", 80, 60]] * 2),
    ]
    outer_is_no_flow = lambda flow: times(0, 0) if flow["server"]["port"] == 8472 else times(1, 1)  # noqa: E731
    scenario.conclude(capture, clients, servers, outer_is_no_flow)


def build(scenario, fabric, name):
    network = scenario.network
    host, overlay, _, pod, address = NODES[name]
    node = network.namespace(name, router=True)
    network.attach(node, [f"{host}/24"], fabric, "fabric0", name)
    network.bridge(node, "cni0", [f"{address.rsplit('.', 1)[0]}.1/24"])
    box = network.namespace(pod)
    network.attach(box, [f"{address}/24"], node, "cni0", "veth0", [f"{address.rsplit('.', 1)[0]}.1"])
    # 50 octets of outer headers leave this much of 1500.
    box.ip("link set eth0 mtu 1450")
    scenario.count(node, [host, overlay])
    scenario.count(box, [address])
    return {name: node, pod: box}


def join(network, node, name):
    """The overlay by fixed entries, as flannel writes them: no learning, no flooding."""
    host, overlay, hardware, _, _ = NODES[name]
    node.ip(f"link add flannel.1 address {hardware} type vxlan id 1 local {host} dstport 8472 nolearning")
    node.ip(f"addr add {overlay}/32 dev flannel.1")
    node.ip("link set flannel.1 mtu 1450 up")
    network.plain_frames(node, "flannel.1")
    for other in NODES:
        if other != name:
            far_host, far_overlay, far_hardware, _, _ = NODES[other]
            node.ip(f"neigh add {far_overlay} lladdr {far_hardware} dev flannel.1")
            node.run("bridge", "fdb", "add", far_hardware, "dev", "flannel.1", "dst", far_host)
            node.ip(f"route add {far_overlay.rsplit('.', 1)[0]}.0/24 via {far_overlay} dev flannel.1 onlink")
