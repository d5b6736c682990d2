"""A hostile web on loopback: raw sockets, so that it can break every rule of HTTP. It ends with its `with` block.

Everything it says is invented. `*.test` hosts are told apart by the Host header. A second one stands for a machine of
the private network: nobody may ever talk to it.
"""

from __future__ import annotations

import contextlib
import socketserver
import threading
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    Answer = "bytes | Callable[[Line], None]"

TERM = "MiMo"
"""What the tests' topic follows."""


@dataclass(frozen=True)
class Asked:
    """One request: host with port, path with query, headers with lower-case names."""

    host: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)


class Line:
    """What an answer that is a function writes to. `over`: the test is done, stop talking."""

    def __init__(self, send: Callable[[bytes], object], over: threading.Event) -> None:
        self.send = send
        self.over = over

    def drip(self, data: bytes, seconds: float) -> None:
        """Send a byte at a time, `seconds` apart."""
        for byte in data:
            if self.over.wait(seconds):
                return
            self.send(bytes([byte]))

    def flood(self, block: bytes, times: int) -> None:
        """Send a block many times over."""
        for _ in range(times):
            if self.over.is_set():
                return
            self.send(block)

    def hang(self) -> None:
        """Say nothing more, and keep the connection."""
        self.over.wait(60)


def http(
    body: bytes | str = b"",
    *headers: str,
    status: str = "200 OK",
    kind: str = "text/html; charset=utf-8",
    length: int | None = None,
) -> bytes:
    """Return a whole answer; `length` None says the true one."""
    body = body.encode() if isinstance(body, str) else body
    said = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {said}", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def moved(to: str, *headers: str, status: str = "302 Found") -> bytes:
    """Return a redirect."""
    return http(b"", f"Location: {to}", *headers, status=status)


def article(title: str = "MiMo 发布新版本", more: str = "", head: str = "") -> str:
    """Return a page of news on the tests' topic."""
    said = "说的是 MiMo 模型的训练、评测和价格，一共有好几句话，足够长。"
    text = "".join(f"<p>{title}。第{number}段{said}</p>" for number in range(9))
    return (
        f"<!doctype html><html lang=zh><head><meta charset=utf-8>{head}<title>{escape(title)}</title></head>"
        f"<body><h1>{escape(title)}</h1>{text}{more}</body></html>"
    )


def feed(links: Iterable[str], more: str = "") -> bytes:
    """Return an RSS feed with a MiMo title for each link."""
    items = "".join(
        f"<item><title>MiMo {number}</title><link>{escape(link)}</link></item>" for number, link in enumerate(links)
    )
    text = f'<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>{more}{items}</channel></rss>'
    return http(text, kind="application/rss+xml; charset=utf-8")


def sitemap(links: Iterable[str], kind: str = "url") -> bytes:
    """Return a sitemap, or with `kind` "sitemap" an index."""
    root = "urlset" if kind == "url" else "sitemapindex"
    items = "".join(f"<{kind}><loc>{escape(link)}</loc></{kind}>" for link in links)
    space = "http://www.sitemaps.org/schemas/sitemap/0.9"
    return http(f'<?xml version="1.0"?><{root} xmlns="{space}">{items}</{root}>', kind="application/xml")


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, web: HostileWeb, address: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        super().__init__(address, _Handler)
        self.web = web


class _Handler(socketserver.StreamRequestHandler):
    timeout = 60
    server: _Server

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            self._answer()

    def _answer(self) -> None:
        first = self.rfile.readline(65536).decode("latin-1").split()
        headers = {}
        while line := self.rfile.readline(65536).decode("latin-1").strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        if len(first) < 2:
            return
        web = self.server.web
        asked = Asked(headers.get("host", ""), first[1], headers)
        web.asked.append(asked)
        answer = web.answers.get(asked.host + asked.path, web.missing)
        if callable(answer):
            answer(Line(self.request.sendall, web.over))
        else:
            self.request.sendall(answer)


class HostileWeb:
    """The web of one test.

    Attributes:
        answers: host and path -> a whole answer, or a function that gives it by and by. What is not there is 404.
        asked: every request, in order.
    """

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[Asked] = []
        self.missing: Any = http(b"", status="404 Not Found")
        self.over = threading.Event()
        self._servers: list[_Server] = []
        self.port: int = self._listen(_Server(self))
        self.address = f"127.0.0.1:{self.port}"

    def listen_on(self, host: str) -> None:
        """Answer on another address of this machine too, on the same port."""
        self._listen(_Server(self, (host, self.port)))

    def _listen(self, server: _Server) -> int:
        self._servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return int(server.server_address[1])

    @property
    def paths(self) -> list[str]:
        """Host and path of every request but those for robots.txt and tdmrep.json."""
        return [
            asked.host + asked.path for asked in self.asked if not asked.path.endswith(("/robots.txt", "/tdmrep.json"))
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        for server in self._servers:
            server.shutdown()
            server.server_close()
