"""A loopback web of invented feeds whose items come by a given clock: for tests and benchmarks of the daemon."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import Counter
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

from crawler.topic.reader import load

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from crawler.model import Topic

SHOWN = 20

TOPIC = """
[topic]
id = "feeds"
name = "Feeds"

[crawl]
requests_per_day = {requests}

[relevance]
strong = ["Invented"]
"""

SOURCE = """
[[source]]
id = "feed-{number}"
kind = "feed"
url = "{base}/feed-{number}.xml"
outlet = "Feed {number}"
lang = "{lang}"
timezone = "{timezone}"
"""


class FeedWeb:
    """Serves /feed-N.xml with the newest 20 items that have come by the clock; an item's page does not exist.

    Attributes:
        arrivals: for each feed when its items come, ascending.
        polls: (feed, what the clock said) of each poll, in order.
        hold: while cleared, answers wait.
    """

    def __init__(self, arrivals: Sequence[Sequence[datetime]], clock: Callable[[], datetime]) -> None:
        self.arrivals = arrivals
        self.clock = clock
        self.polls: list[tuple[int, datetime]] = []
        self.hold = threading.Event()
        self.hold.set()
        self.pages: Counter[str] = Counter()
        web = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args: Any) -> None:
                pass

            def do_GET(self) -> None:
                web.answer(self)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(self, *args: object) -> None:
        self.hold.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        status, body = 404, b""
        if handler.path.startswith("/feed-"):
            number, now = int(handler.path[6:-4]), self.clock()
            self.polls.append((number, now))
            self.hold.wait(30)
            status, body = 200, self._feed(number, now)
        elif handler.path.startswith("/item-"):
            self.pages[handler.path] += 1
        handler.send_response(status)
        handler.send_header("Content-Type", "application/rss+xml")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def _feed(self, number: int, now: datetime) -> bytes:
        came = bisect_right(self.arrivals[number], now)
        items = "".join(
            f"<item><title>Invented item {at} of {number}</title><link>{self.base}/item-{number}-{at}</link>"
            f"<pubDate>{format_datetime(self.arrivals[number][at])}</pubDate></item>"
            for at in range(max(0, came - SHOWN), came)
        )
        return f'<rss version="2.0"><channel><title>{number}</title>{items}</channel></rss>'.encode()

    def topic(self, folder: Path, requests_per_day: int, groups: Sequence[int] | None = None) -> Topic:
        """Write a topic file that follows every feed, and read it."""
        groups = groups or [0] * len(self.arrivals)
        file = folder / "topic.toml"
        sources = [
            SOURCE.format(
                number=number,
                base=self.base,
                lang="zh" if group else "en",
                timezone="Asia/Shanghai" if group else "UTC",
            )
            for number, group in enumerate(groups)
        ]
        file.write_text(TOPIC.format(requests=requests_per_day) + "".join(sources), encoding="utf-8")
        return load(file)
