"""The far ends of channels, played on this machine: chats and webhooks over HTTP and TLS, mail by SMTP."""

from __future__ import annotations

import base64
import contextlib
import json
import select
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Post:
    """What one call brought."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def text(self) -> str:
        """All of it, to look for what must not be there."""
        return json.dumps([self.path, self.headers, self.body], ensure_ascii=False)


@dataclass
class Chat:
    """A service that takes JSON; `answers` is what it says to the next calls, 200 after that."""

    port: int = 0
    posts: list[Post] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    taken: threading.Event = field(default_factory=threading.Event)

    def hear(self, call: BaseHTTPRequestHandler) -> int:
        """Keep a call, and return the status to answer it with."""
        status = self.answers.pop(0) if self.answers else 200
        body = call.rfile.read(int(call.headers["Content-Length"]))
        post = Post(call.path, dict(call.headers), json.loads(body))
        if status == 200:
            self.posts.append(post)
            self.taken.set()
        return status


@contextlib.contextmanager
def chat(tls: ssl.SSLContext | None = None, *, port: int = 0) -> Iterator[Chat]:
    """A service that listens, on TLS if told so."""
    made = Chat()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(made.hear(self))
            self.end_headers()
            self.wfile.write(b"ok" if self.path.startswith("/services/") else b'{"id": 1}')  # Slack's way

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        made.port = server.server_port
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield made
        server.shutdown()


@contextlib.contextmanager
def proxy(port: int) -> Iterator[str]:
    """A proxy that leads every host to a port of this machine: the way to play a host of the internet."""

    class Handler(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            with socket.create_connection(("127.0.0.1", port)) as far:
                self.send_response(200)
                self.end_headers()
                _both_ways(self.connection, far)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def _both_ways(near: socket.socket, far: socket.socket) -> None:
    other = {near: far, far: near}
    while True:
        for one in select.select([near, far], [], [])[0]:
            if not (data := one.recv(65536)):
                return
            other[one].sendall(data)


@dataclass
class PostOffice:
    """A mail server; `credentials` are what people logged in with."""

    port: int = 0
    mails: list[Message] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    credentials: list[str] = field(default_factory=list)
    encrypted: bool = False


class _Mailing(socketserver.StreamRequestHandler):
    """One connection to a mail server (RFC 5321)."""

    server: _MailServer

    def handle(self) -> None:
        self._say("220 ready")
        while line := self.rfile.readline():
            verb, _, rest = line.decode().strip().partition(" ")
            if verb.upper() == "STARTTLS" and self.server.tls:
                self._encrypt(self.server.tls)
                continue
            self._say(self._answer(verb.upper(), rest))
            if verb.upper() == "QUIT":
                return

    def finish(self) -> None:
        super().finish()
        self.request.close()  # the server closes the one that was wrapped

    def _encrypt(self, tls: ssl.SSLContext) -> None:
        self._say("220 go ahead")
        self.request = tls.wrap_socket(self.request, server_side=True)
        self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", 0)
        self.server.office.encrypted = True

    def _answer(self, verb: str, rest: str) -> str:
        office = self.server.office
        if verb == "EHLO":
            more = ["STARTTLS"] if self.server.tls and not office.encrypted else []
            return "\r\n".join([*(f"250-{o}" for o in ("localhost", "AUTH PLAIN", *more)), "250 8BITMIME"])
        if verb == "AUTH":
            office.credentials.append(base64.b64decode(rest.partition(" ")[2]).decode())
            return "235 welcome"
        if verb == "RCPT":
            office.recipients.append(rest)
        if verb == "DATA":
            self._say("354 go on")
            office.mails.append(
                message_from_bytes(b"".join(iter(self.rfile.readline, b".\r\n")), policy=default)
            )
        return "250 fine"

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class _MailServer(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads = True, True

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Mailing)
        self.tls, self.office = tls, PostOffice()


@contextlib.contextmanager
def post_office(tls: ssl.SSLContext | None = None) -> Iterator[PostOffice]:
    """A mail server that offers AUTH PLAIN, and STARTTLS if it is given a certificate."""
    with _MailServer(tls) as server:
        server.office.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield server.office
        server.shutdown()
