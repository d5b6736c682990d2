"""The sample web as a server: every invented host on one loopback port, told apart by the Host header.

`SampleWeb` is the demo's web and the tests' newsroom. It runs in a thread of its own process, changes its state when
`round` is set to 2, and ends with its `with` block or with the process.
"""

from __future__ import annotations

import hashlib
import socket
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import TYPE_CHECKING, NamedTuple, Self

from crawler.sample import listings, newsroom, render

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

OPENED = datetime(2025, 4, 1, tzinfo=UTC)
"""Last-Modified of what has no date of its own."""

ROBOTS = "User-agent: *\nAllow: /\n"


class Request(NamedTuple):
    """One line of the log."""

    host: str
    path: str
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """What one URL answers. `busy`: the first request gets 429; `counted`: a number in it changes per request."""

    status: int
    body: bytes = b""
    type: str = "text/html"
    modified: datetime = OPENED
    validators: tuple[str, ...] = ()
    location: str | None = None
    busy: bool = False
    counted: bool = False

    @property
    def etag(self) -> str:
        """A strong validator: a digest of the body."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:20]}"'


Site = dict[tuple[str, str], Resource]


def build(news: newsroom.Newsroom, in_round: int) -> Site:
    """Return everything the web answers in a round: (host, path with query) -> resource."""
    site: Site = {}
    for outlet in news.outlets.values():
        if outlet.robots != "":
            site[outlet.host, "/robots.txt"] = Resource(
                status=200, body=(outlet.robots or ROBOTS).encode(), type="text/plain"
            )
    for asked in news.listings.values():
        body = listings.listing(news, asked, in_round)
        dates = [shown.published for _, shown in news.shown(asked.id, in_round) if shown.published]
        site[_key(asked.url)] = Resource(
            status=200,
            body=body,
            type=_type(listings.TYPES[asked.form], None if asked.form.endswith("-gz") else asked.charset),
            modified=max(dates, default=OPENED),
            validators=() if asked.form == "search" else asked.validators,
            counted=asked.form == "search",
        )
    for shown in news.pages.values():
        if shown.seen <= in_round:
            site |= _page(news, shown, in_round)
    return site


def _page(news: newsroom.Newsroom, shown: newsroom.SamplePage, in_round: int) -> Site:
    outlet = news.outlets[shown.outlet]
    status = shown.vanishes if in_round > 1 and shown.vanishes else shown.status
    if status != HTTPStatus.OK:
        body = f"<!doctype html><!-- {render.MARK} --><title>{status}</title><p>{HTTPStatus(status).phrase}</p>"
        return {_key(shown.url): Resource(status=status, body=body.encode(), type="text/html; charset=utf-8")}

    def answer(*, mobile: bool = False) -> Resource:
        return Resource(
            status=200,
            body=render.page(news, shown, in_round, mobile=mobile),
            type=_type("text/html", outlet.charset if outlet.charset_in_header else None),
            modified=(shown.edited if in_round > 1 and shown.edited else shown.published) or OPENED,
            validators=outlet.validators,
            busy=shown.busy,
        )

    site = {_key(shown.url): answer()}
    for alias in shown.aliases:
        moved = Resource(status=301, location=shown.url)
        site[_key(alias.url)] = moved if alias.how == "moved" else answer(mobile=alias.how == "mobile")
    return site


def _key(url: str) -> tuple[str, str]:
    host, _, path = url.removeprefix("http://").partition("/")
    return host, f"/{path}"


def _type(name: str, charset: str | None) -> str:
    return f"{name}; charset={charset}" if charset else name


@dataclass
class _State:
    """What the handler's threads share."""

    sites: Mapping[int, Site]
    round: int = 1
    requests: list[Request] = field(default_factory=list)
    busy_told: set[tuple[str, str]] = field(default_factory=set)
    numbers: count[int] = field(default_factory=lambda: count(1))
    lock: threading.Lock = field(default_factory=threading.Lock)


class _Server(ThreadingHTTPServer):
    request_queue_size = 128  # at the default of 5 a crawl sees stalls of a second each
    daemon_threads = True

    def __init__(self, state: _State) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.state = state


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 30
    server: _Server

    def log_message(self, *_: object) -> None:
        """Say nothing: `SampleWeb.requests` is the log."""

    def do_GET(self) -> None:
        state = self.server.state
        key = (self._host().removeprefix("www."), self.path)
        site = state.sites[state.round]
        found = site.get(key) or site.get((key[0], self.path.partition("?")[0]))  # an unknown query changes nothing
        with state.lock:
            told = key in state.busy_told
            if found and found.busy:
                state.busy_told.add(key)
            number = next(state.numbers)
        if found is None:
            self._send(404, b"", {"Content-Type": "text/html; charset=utf-8"})
        elif found.busy and not told:
            self._send(429, b"", {"Retry-After": "1"})
        elif found.location:
            self._send(found.status, b"", {"Location": found.location})
        else:
            self._answer(found, number)

    def do_HEAD(self) -> None:
        self.do_GET()

    def _answer(self, found: Resource, number: int) -> None:
        headers = {"Content-Type": found.type}
        modified = found.modified.astimezone(UTC).replace(microsecond=0)
        if "etag" in found.validators:
            headers["ETag"] = found.etag
        if "last-modified" in found.validators:
            headers["Last-Modified"] = format_datetime(modified, usegmt=True)
        if self._held(found, modified):
            self._send(304, b"", headers)
            return
        body = found.body
        if found.counted:
            body = body.replace(listings.TID.encode(), f"{number:032x}".encode())
        self._send(found.status, body, headers)

    def _held(self, found: Resource, modified: datetime) -> bool:
        """Whether the asker holds this already: the tag decides, the date only where no tag was sent."""
        tag, since = self.headers.get("If-None-Match"), self.headers.get("If-Modified-Since")
        if "etag" in found.validators and tag is not None:
            return found.etag in tag
        if "last-modified" in found.validators and since is not None:
            try:
                return modified <= parsedate_to_datetime(since)
            except (TypeError, ValueError):
                return False
        return False

    def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        """Answer, after writing the log: whoever has the answer finds it there."""
        with self.server.state.lock:
            self.server.state.requests.append(Request(self._host(), self.path, status))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _host(self) -> str:
        return (self.headers.get("Host") or "").partition(":")[0].lower()


class SampleWeb:
    """The sample web, served on 127.0.0.1 while its `with` block lasts.

    Attributes:
        news: what it serves, and the truth about it.
        port: the port it listens on.
        connect_to: host pattern -> address, for a crawl that shall reach these hosts here: `*.test` is this server,
            `down.test` a port that refuses every connection.
    """

    def __init__(self, news: newsroom.Newsroom | None = None) -> None:
        self.news = news or newsroom.load()
        self._state = _State({number: build(self.news, number) for number in (1, 2)})
        self._server = _Server(self._state)
        self._closed = socket.socket()  # bound and never listening: nobody else gets the port, everyone is refused
        self._closed.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="sample-web", daemon=True
        )
        self.port: int = self._server.server_address[1]
        self.connect_to = {
            "*.test": f"127.0.0.1:{self.port}",
            "down.test": f"127.0.0.1:{self._closed.getsockname()[1]}",
        }

    @property
    def round(self) -> int:
        """1, or 2 after the state change: feeds have grown, one article is edited, one page is gone."""
        return self._state.round

    @round.setter  # noqa: A003 - the property above, not the builtin
    def round(self, number: int) -> None:
        if number not in self._state.sites:
            raise ValueError(f"round {number}: the sample web has rounds 1 and 2")
        self._state.round = number

    @property
    def requests(self) -> list[Request]:
        """Every request answered since the start or the last `reset`, oldest first."""
        with self._state.lock:
            return list(self._state.requests)

    def reset(self) -> None:
        """Go back to the first round with an empty log; the busy page is busy once more."""
        with self._state.lock:
            self._state.round = 1
            self._state.requests.clear()
            self._state.busy_told.clear()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._closed.close()
