"""The address guard, through the runner that `houxu crawl` uses: no private address is ever talked to."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.corpus.store import Corpus
from crawler.errors import AllFailed
from crawler.job import CrawlRequest
from crawler.middlewares.guard import is_public
from crawler.model import Relevance, Source, Term, Topic
from crawler.topic.reader import relevance_digest
from scheduler.run import crawl_once

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Listener:
    """Accepts connections on a port of loopback and keeps what was sent."""

    def __init__(self, family: socket.AddressFamily, host: str) -> None:
        self.received: list[bytes] = []
        self._socket = socket.socket(family)
        self._socket.bind((host, 0))
        self._socket.listen()
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _peer = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(1)
                try:
                    self.received.append(connection.recv(65536))
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
                except OSError:
                    self.received.append(b"")

    def close(self) -> None:
        """Stop listening."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


@pytest.fixture
def loopback() -> Iterator[Listener]:
    """Listen on 127.0.0.1."""
    listener = Listener(socket.AF_INET, "127.0.0.1")
    yield listener
    listener.close()


def topic_of(url: str) -> Topic:
    """Return a topic with one feed."""
    relevance = Relevance(strong=(Term(text="MiMo"),))
    source = Source(id="inside", kind="feed", url=url, outlet="inside")
    return Topic(
        id="guard",
        name="guard",
        seed=None,
        contact=None,
        requests_per_day=100,
        keep_offtopic=timedelta(days=1),
        relevance=relevance,
        sources=(source,),
        sites=(),
        digest=relevance_digest(relevance),
    )


def asked(tmp_path: Path, url: str, **changes: Any) -> str | None:
    """Crawl one feed and return what was wrong with it."""
    db = tmp_path / "guard.db"
    with suppress(AllFailed):
        crawl_once(db, CrawlRequest(topic=topic_of(url), everything=True, overrides={"DOWNLOAD_DELAY": "0"}, **changes))
    corpus = Corpus(db, read_only=True)
    error: str | None = corpus.value("SELECT error FROM polls ORDER BY id DESC LIMIT 1")
    corpus.close()
    return error


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.0", "0"]
)
def test_loopback_is_refused_in_every_spelling(host: str, loopback: Listener, tmp_path: Path) -> None:
    """However it is written, not a byte is sent, and the reason names the address."""
    error = asked(tmp_path, f"http://{host}:{loopback.port}/feed")
    assert error is not None
    assert "not a public address" in error
    assert not any(loopback.received)


@pytest.mark.parametrize("host", ["[::1]", "[::ffff:127.0.0.1]"])
def test_ipv6_loopback_is_refused(host: str, tmp_path: Path) -> None:
    """The same for IPv6, mapped IPv4 included."""
    listener = Listener(socket.AF_INET6, "::" if "ffff" in host else "::1")
    try:
        error = asked(tmp_path, f"http://{host}:{listener.port}/feed")
        assert error is not None
        assert "not a public address" in error
        assert not any(listener.received)
    finally:
        listener.close()


def test_allow_host_opens_one_host(loopback: Listener, tmp_path: Path) -> None:
    """The host a person allows is asked; the same address under another name is not."""
    asked(tmp_path, f"http://127.0.0.1:{loopback.port}/feed", allow_hosts=("127.0.0.1",))
    assert any(loopback.received)
    loopback.received.clear()
    error = asked(tmp_path / "..", f"http://localhost:{loopback.port}/feed", allow_hosts=("127.0.0.1",))
    assert error is not None
    assert "not a public address" in error
    assert not any(loopback.received)


@given(st.ip_addresses(v=4))
def test_mapped_addresses_are_judged_by_what_is_inside(address: Any) -> None:
    """An IPv4 address is as public inside IPv6 as it is outside."""
    assert is_public(f"::ffff:{address}") == is_public(str(address))
    assert is_public(f"64:ff9b::{address}") == is_public(str(address))


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "0.0.0.0",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::",
        "2002:7f00:1::",
    ],
)
def test_no_special_address_is_public(address: str) -> None:
    """Private, link-local, shared, multicast, unspecified, and 6to4 of loopback."""
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "223.5.5.5", "2400:3200::1"])
def test_public_addresses_are(address: str) -> None:
    """The guard does not shut out the web."""
    assert is_public(address)
