"""What a service asks of others: HTTP, HTTPS, Redis and PostgreSQL, in their real protocols.

A call with `keep` holds one connection and uses it again; without, it connects each time.
"""

import contextlib
import http.client
import socket
import ssl
import struct
import threading


class Call:
    """One dependency of a service. `config`: do, host, port, path, keep, every, source."""

    def __init__(self, config, resolver, tally):
        self.config = config
        self.host, self.port = config["host"], config["port"]
        self.resolver = resolver
        self.tally = tally
        self.kept = None
        self.lock = threading.Lock()
        self.turn = 0

    def address(self):
        numeric = self.host[0].isdigit() or ":" in self.host
        return self.host if numeric else self.resolver.lookup(self.host)

    def run(self):
        """Make the call if it is its turn: every first, second, third… request."""
        with self.lock:
            self.turn += 1
            if self.turn % self.config.get("every", 1):
                return
            if self.kept is None:
                self.kept = self.open()
                self.tally.add(**{f"connected {self.host}": 1})
            try:
                self.exchange(self.kept)
            except (OSError, http.client.HTTPException) as failure:
                self.kept = None
                self.tally.add(**{f"failed {self.host}: {failure}": 1})
                return
            self.tally.add(**{f"exchanged {self.host}": 1})
            if not self.config.get("keep"):
                self.close(self.kept)
                self.kept = None

    def open(self):
        source = (self.config["source"], 0) if "source" in self.config else None
        made = socket.create_connection((self.address(), self.port), timeout=10, source_address=source)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def close(self, connection):
        connection.close()


class Http(Call):
    secure = None

    def open(self):
        connection = http.client.HTTPConnection(self.host, self.port)
        # Never by itself: it would ask the machine's own name server.
        connection.auto_open = 0
        connection.sock = Call.open(self)
        if self.secure:
            connection.sock = self.secure.wrap_socket(connection.sock, server_hostname=self.host)
        return connection

    def exchange(self, connection):
        path, body = self.config.get("path", "/"), self.config.get("body")
        connection.request("POST" if body else "GET", path, body=body, headers={"User-Agent": "shop/1.4"})
        connection.getresponse().read()


class Https(Http):
    """The certificate is made for the recording: encryption is real, trust is not."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.secure = ssl.create_default_context()
        self.secure.check_hostname = False
        self.secure.verify_mode = ssl.CERT_NONE

    def close(self, connection):
        """Say goodbye and wait until the server ends, or its last words meet a RST."""
        with contextlib.suppress(ssl.SSLError):
            connection.sock.unwrap()
        connection.close()


class Redis(Call):
    def exchange(self, connection):
        words = [b"HGETALL", b"cart:" + str(self.turn % 7).encode()]
        parts = [b"*%d\r\n" % len(words)] + [b"$%d\r\n%s\r\n" % (len(w), w) for w in words]
        connection.sendall(b"".join(parts))
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += connection.recv(65536)


class Postgres(Call):
    """The simple query flow of the PostgreSQL protocol, version 3."""

    def open(self):
        connection = super().open()
        settings = b"user\0shop\0database\0shop\0\0"
        connection.sendall(struct.pack("!II", 8 + len(settings), 196608) + settings)
        self.until_ready(connection)
        return connection

    def exchange(self, connection):
        rows = self.config.get("rows", 3)
        text = f"SELECT id, item, price FROM orders ORDER BY id LIMIT {rows}".encode() + b"\0"
        connection.sendall(b"Q" + struct.pack("!I", 4 + len(text)) + text)
        self.until_ready(connection)

    def until_ready(self, connection):
        """Read messages up to ReadyForQuery."""
        stream, kind = connection.makefile("rb"), b""
        while kind != b"Z":
            kind = stream.read(1)
            (length,) = struct.unpack("!I", stream.read(4))
            stream.read(length - 4)

    def close(self, connection):
        connection.sendall(b"X" + struct.pack("!I", 4))
        connection.close()


KINDS = {"http": Http, "https": Https, "redis": Redis, "postgres": Postgres}


def make(config, resolver, tally):
    return KINDS[config["do"]](config, resolver, tally)
