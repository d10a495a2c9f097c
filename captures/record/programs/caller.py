"""Makes calls at a steady pace for some seconds, then stays silent with its connections open.

usage: caller.py '{"after": 0, "seconds": 55, "every_seconds": 2, "resolver": …, "search": […],
                   "calls": [{"do": "http", "host": "10.244.1.10", "port": 8080, "path": "/"}]}'

Stands for visitors, a node's kubelet, the metrics scraper and the nightly report.
"""

import json
import random
import sys
import threading
import time

import calls
from resolver import Resolver
from tally import Tally, hold_signals, until_told


def repeat(config, call):
    """A little irregular, as programs are."""
    pace = config.get("every_seconds", 2)
    until = time.monotonic() + config.get("seconds", 55)
    time.sleep(config.get("after", 0) + random.uniform(0, pace) * config.get("spread", 0.5))
    while time.monotonic() < until:
        call.run()
        time.sleep(pace * random.uniform(0.9, 1.1))


def main():
    hold_signals()
    config = json.loads(sys.argv[1])
    tally = Tally()
    resolver = Resolver(config.get("resolver"), config.get("search", []), tally)
    # Held here to the end: a call that nobody holds would close its connection.
    made = [calls.make(item, resolver, tally) for item in config["calls"]]
    for call in made:
        threading.Thread(target=repeat, args=(config, call), daemon=True).start()
    until_told(tally)


if __name__ == "__main__":
    main()
