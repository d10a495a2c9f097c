"""What a program counted of its own doing, printed as one JSON line when it is told to end."""

import collections
import json
import signal
import threading


class Tally:
    """Named counters, safe to add to from any thread."""

    def __init__(self):
        self.counters = collections.Counter()
        self.lock = threading.Lock()

    def add(self, **amounts):
        with self.lock:
            self.counters.update(amounts)

    def show(self):
        with self.lock:
            print(json.dumps(dict(sorted(self.counters.items()))), flush=True)


def until_told(tally):
    """Wait for SIGTERM in the main thread, then show the tally.

    Call `hold_signals` before any thread starts, so that none of them takes the signal.
    """
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    tally.show()


def hold_signals():
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
