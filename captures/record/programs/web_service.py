"""A service of the shop: answers HTTP, and before it answers calls what it depends on.

usage: web_service.py '{"port": 8080, "answer_octets": 900, "metrics_port": 9090,
                        "resolver": "10.244.1.2", "search": ["shop.svc.cluster.local"],
                        "work": [{"do": "http", "host": "cart", "port": 8080, "keep": true}],
                        "certificate": "optional.pem"}'
"""

import http.server
import json
import socket
import ssl
import sys
import threading

import calls
from resolver import Resolver
from tally import Tally, hold_signals, until_told

FILL = "All of this could be a page, a price or a parcel. "


class Answers(http.server.BaseHTTPRequestHandler):
    """HTTP/1.1, so that connections stay open when the client wants."""

    protocol_version = "HTTP/1.1"
    server_version = "shop"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer(self.server.content(self.path))

    do_POST = do_GET

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
        self.server.tally.add(**{f"answered :{self.server.server_port}": 1})

    def log_message(self, *_):
        """Nothing is logged: the tally says it."""


class Web(http.server.ThreadingHTTPServer):
    """`content` gives the body for a path."""

    daemon_threads = True

    def __init__(self, port, content, tally, family=socket.AF_INET):
        self.address_family = family
        self.content = content
        self.tally = tally
        super().__init__(("", port), Answers)

    def get_request(self):
        accepted = super().get_request()
        self.tally.add(**{f"accepted :{self.server_port}": 1})
        return accepted

    def server_bind(self):
        """Without the base class's reverse lookup of the host's name."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = "shop", self.server_address[1]

    def handle_error(self, *_):
        """A client that went away is not worth a word."""


def serve(port, content, tally, secure=None):
    server = Web(port, content, tally)
    if secure:
        server.socket = secure.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def serve_metrics(port, tally):
    """Prometheus' text form, about as long as a small service's."""

    def content(_path):
        lines = [f'events_total{{event="{name}"}} {n}' for name, n in sorted(tally.counters.items())]
        lines += [f'request_seconds_bucket{{le="{2**n}"}} {n * 7}' for n in range(24)]
        return ("\n".join(lines) + "\n").encode()

    serve(port, content, tally)


def main():
    hold_signals()
    config = json.loads(sys.argv[1])
    tally = Tally()
    resolver = Resolver(config.get("resolver"), config.get("search", []), tally)
    work = [calls.make(item, resolver, tally) for item in config.get("work", [])]
    octets = config.get("answer_octets", 600)
    body = (FILL * (octets // len(FILL) + 1))[:octets].encode()

    def content(path):
        if path == "/healthz":
            return b"ok\n"
        for call in work:
            call.run()
        return body

    secure = None
    if "certificate" in config:
        secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        secure.load_cert_chain(config["certificate"])
    if "port" in config:
        serve(config["port"], content, tally, secure)
    if "metrics_port" in config:
        serve_metrics(config["metrics_port"], tally)
    until_told(tally)


if __name__ == "__main__":
    main()
