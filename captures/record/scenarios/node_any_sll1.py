"""The same as node-any, in the older link type. See ../../node-any-sll1/README.md."""

from scenarios import node_any


def record(scenario):
    node_any.record(scenario, "LINUX_SLL")
