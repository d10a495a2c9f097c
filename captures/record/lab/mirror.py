"""A mirror port: every packet of a node once, copied to a port of another namespace.

nft duplicates frames where they *enter* the network: what a pod sends, at its own port.
No packet enters twice, so none is copied twice, whatever its path.
"""

RULES = """
table netdev mirror {{
{chains}
}}
"""

CHAIN = """
  chain {hook}-{device} {{
    type filter hook {hook} device "{device}" priority 0
    {match} dup to "mirror0"
  }}
"""


def span(network):
    """The namespace where mirrored frames arrive, on its bridge `span0`."""
    tap = network.namespace("tap")
    network.bridge(tap, "span0")
    return tap


def mirror(network, node, tap, points):
    """Copy frames of `points` (hook, device, match) from a node to the tap.

    The tap's ports are isolated from each other, so that nothing is sent back.
    """
    port = f"from-{node.label}"
    network.cable(node, "mirror0", tap, port)
    tap.ip(f"link set {port} master span0")
    tap.ip(f"link set {port} type bridge_slave isolated on learning off")
    chains = "".join(
        CHAIN.format(hook=hook, device=device, match=match) for hook, device, match in points
    )
    node.run("nft", "-f", "-", stdin=RULES.format(chains=chains))
