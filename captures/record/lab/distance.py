"""Distance: two namespaces joined by a relay in user space that delays packets."""

import time


def apart(near, far, milliseconds):
    """A TUN device `wan0` in both, each the other's way out."""
    relay = near.program("relay.py", near.name, far.name, milliseconds)
    for namespace in (near, far):
        while "wan0" not in namespace.ip("-br link"):
            if relay.process.poll() is not None:
                raise RuntimeError(f"{near.label}: the relay ended before it made wan0")
            time.sleep(0.05)
        namespace.ip("link set wan0 up")
