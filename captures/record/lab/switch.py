"""The smallest cluster: one node, its bridge `cni0`, and pods plugged into it.

A capture on the bridge sees each frame between two pods once.
"""


def plug(scenario, pods, ipv6=False, offload=False):
    """`pods` maps a name to its addresses with prefix lengths; ports are veth0, veth1, …"""
    network = scenario.network
    node = network.namespace("node-1", ipv6=ipv6)
    network.bridge(node, "cni0")
    boxes = {}
    for number, (name, addresses) in enumerate(pods.items()):
        box = boxes[name] = network.namespace(name, ipv6=ipv6)
        network.attach(box, addresses, node, "cni0", f"veth{number}", offload=offload)
        scenario.count(box, [address.split("/")[0] for address in addresses])
    return node, boxes


def beyond(scenario, node, boxes, gateway, addresses):
    """The world outside, behind the node as router. Nothing is translated on the way."""
    outside = scenario.network.namespace("outside")
    scenario.network.cable(node, "eth0", outside, "eth0")
    node.ip(f"addr add {gateway} dev cni0")
    node.ip("addr add 10.0.0.11/24 dev eth0")
    node.sysctl("net.ipv4.ip_forward=1")
    outside.ip("addr add 10.0.0.1/24 dev eth0")
    outside.ip("route add default via 10.0.0.11")
    for address in addresses:
        outside.ip(f"addr add {address}/32 dev eth0")
        node.ip(f"route add {address} via 10.0.0.1")
    for box in boxes.values():
        box.ip(f"route add default via {gateway.split('/')[0]}")
    scenario.count(outside, addresses)
    return outside


def serve(box, tcp=(), udp=(), address=""):
    """Start an answerer and wait until it listens. `tcp` may map ports to options."""
    options = tcp if isinstance(tcp, dict) else dict.fromkeys(tcp, {})
    ports = {str(port): told for port, told in options.items()}
    server = box.program("answerer.py", {"tcp": ports, "udp": list(udp), "address": address})
    for port in ports:
        box.listens("tcp", port)
    for port in udp:
        box.listens("udp", port)
    return server


def steps(box, *todo, name=None):
    """Start a client that makes these steps."""
    return box.program("steps.py", {"steps": list(todo)}, name=name)
