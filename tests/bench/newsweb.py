"""An invented news web for the crawl's benchmark: ten loopback hosts, a feed and some pages of 55 KB on each.

It runs in a process of its own, so that what a crawler's process costs is the crawler's. Pages are made beforehand.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
from dataclasses import dataclass
from email.utils import format_datetime
from typing import TYPE_CHECKING, Self

import numpy as np

from tests.bench.invented import Newswire

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from crawler.model import Article

HOSTS = tuple(f"127.0.0.{number}" for number in range(1, 11))

SIZE = 55_000
"""Bytes of a page: the median of 190 real news pages, scripts and lists included."""


@dataclass(frozen=True, slots=True)
class Site:
    """One host: its feed, and its pages, in the order of the feed."""

    feed: str
    pages: tuple[str, ...]


class NewsWeb:
    """Serves `count` pages over the ten hosts while it is entered.

    Attributes:
        sites: the hosts.
    """

    def __init__(self, count: int, *, on_topic: bool) -> None:
        self.sites: tuple[Site, ...] = ()
        self._here, there = multiprocessing.get_context("spawn").Pipe()
        self._process = multiprocessing.get_context("spawn").Process(
            target=_serve, args=(there, count, on_topic), daemon=True
        )
        self._count = count

    def __enter__(self) -> Self:
        self._process.start()
        port = self._here.recv()
        self.sites = tuple(
            Site(f"http://{host}:{port}/feed.xml", tuple(f"http://{host}:{port}/{n}.html" for n in _numbers(at, self)))
            for at, host in enumerate(HOSTS)
        )
        return self

    def __exit__(self, *args: object) -> None:
        self._process.terminate()
        self._process.join()

    @property
    def count(self) -> int:
        """How many pages there are."""
        return self._count


def _numbers(host: int, web: NewsWeb) -> range:
    return range(host, web.count, len(HOSTS))


def _serve(pipe: Connection, count: int, on_topic: bool) -> None:
    wire = Newswire(on_topic=on_topic)
    furniture = Furniture()
    answers = {}
    articles = [wire.article(number) for number in range(count)]
    for number, article in enumerate(articles):
        answers[f"/{number}.html"] = _answer(furniture.page(article, number), "text/html; charset=utf-8")
    feeds = {
        host: _answer(_feed(articles, range(at, count, len(HOSTS))), "application/rss+xml")
        for at, host in enumerate(HOSTS)
    }
    asyncio.run(_listen(pipe, answers, feeds))


async def _listen(pipe: Connection, answers: dict[str, bytes], feeds: dict[str, bytes]) -> None:
    class Server(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport
            self.asked = b""

        def data_received(self, data: bytes) -> None:
            self.asked += data
            while b"\r\n\r\n" in self.asked:
                head, _, self.asked = self.asked.partition(b"\r\n\r\n")
                path = head.split(b" ", 2)[1].decode()
                host = self.transport.get_extra_info("sockname")[0]
                answer = feeds[host] if path == "/feed.xml" else answers.get(path, _MISSING)
                self.transport.write(answer)  # type: ignore[attr-defined]  # a server's transport writes

    loop = asyncio.get_running_loop()
    first = await loop.create_server(Server, HOSTS[0], 0)
    port = first.sockets[0].getsockname()[1]
    for host in HOSTS[1:]:
        await loop.create_server(Server, host, port)
    pipe.send(port)
    await asyncio.Event().wait()


def _answer(body: bytes, kind: str, status: str = "200 OK") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


_MISSING = _answer(b"", "text/plain", "404 Not Found")


def _feed(articles: list[Article], numbers: range) -> bytes:
    items = "".join(
        f"<item><title>{articles[number].title}</title><link>/{number}.html</link>"
        f"<pubDate>{format_datetime(articles[number].published_at)}</pubDate></item>"  # type: ignore[arg-type]  # is set
        for number in numbers
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>f</title>{items}</channel></rss>'.encode()


class Furniture:
    """What stands around an article: menus, lists of other headlines, scripts and styles."""

    def __init__(self) -> None:
        wire = Newswire(seed=9, on_topic=False)
        self._titles = [wire.article(number).title for number in range(400)]
        self._menu = "".join(f'<li><a href="/channel/{n}/">{t[:4]}</a></li>' for n, t in enumerate(self._titles[:90]))
        rules = "".join(
            f".c{n} .w{n % 7}{{margin:0 {n % 31}px;color:#{n * 4099 % 0xFFFFFF:06x}}}\n" for n in range(200)
        )
        self._head = f"<style>{rules}</style>"

    def page(self, article: Article, number: int) -> bytes:
        """Return one page of about `SIZE` bytes."""
        chance = np.random.default_rng(number)
        shown = chance.choice(len(self._titles), 80, replace=False)
        others = "".join(
            f'<li class="item"><a href="/o/{at}.html" class="c{at % 200}"><img src="/i/{at}.jpg" alt="">'
            f"<span>{self._titles[at]}</span></a><em>{at % 24:02}:{at % 60:02}</em></li>"
            for at in shown.tolist()
        )
        paragraphs = "".join(f"<p>{text}</p>" for text in article.body.split("\n") if text)
        day = article.published_at
        date = f"{day:%Y-%m-%d %H:%M}" if day else ""
        title = article.title
        before = (
            f'<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>{title}_例报</title>'
            f'<meta name="description" content="{title}"><meta property="og:title" content="{title}">'
            f'{self._head}</head><body><div class="nav"><ul>{self._menu}</ul></div><div class="main"><h1>{title}</h1>'
            f'<div class="info"><span>{date}</span> <span>来源：{article.outlet}</span></div>'
            f'<div class="content">{paragraphs}</div></div><div class="side"><ul>{others}</ul></div>'
        )
        after = '<div class="foot"><p>版权所有 例报</p></div></body></html>'
        room = SIZE - len((before + after).encode()) - 60
        state = json.dumps([{"id": n, "k": f"m{n * 7919 % 99991}", "on": n % 3 == 0} for n in range(800)])[
            : max(0, room)
        ]
        return f"{before}<script>window.__state='{state}'</script>{after}".encode()
