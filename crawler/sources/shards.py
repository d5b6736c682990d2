"""A live crawl on several machines: which hosts are whose, by a hash, with nothing shared between them.

A site (the registered domain, `sina.com.cn`) belongs to exactly one machine, which alone polls its sources and visits
its pages, so that pacing, robots.txt and Retry-After stay whole. A lead to somebody else's site is kept, not visited:
its owner visits it once it has merged this machine's corpus.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from crawler.dedupe import host_of, site

if TYPE_CHECKING:
    from crawler.model import Topic

_MOST = 1024


def shard_of(text: str) -> tuple[int, int]:
    """Return (2, 5) for `2/5`: the second of five machines.

    Raises:
        ValueError: the text is of another form, or no machine of that number is among so many.
    """
    found = re.fullmatch(r"(\d{1,4})/(\d{1,4})", text)
    if found is None or not 1 <= int(found[1]) <= int(found[2]) <= _MOST:
        raise ValueError(f"{text!r} is not N/M, as in 2/5: the second of five machines")
    return int(found[1]), int(found[2])


def share(topic: Topic, shard: tuple[int, int]) -> Topic:
    """Return a machine's part of a topic: the sources on its sites, and its part of the day's requests."""
    requests = -(-topic.requests_per_day // shard[1])
    sources = tuple(each for each in topic.sources if owns(shard, host_of(each.url)))
    return replace(topic, shard=shard, sources=sources, requests_per_day=requests)


def owns(shard: tuple[int, int], host: str) -> bool:
    """Say whether a host, with or without its port, is on a site that belongs to this machine; `1/1` owns them all."""
    number, machines = shard
    return machines == 1 or _hash(host) % machines == number - 1


@lru_cache(maxsize=100_000)
def _hash(host: str) -> int:
    name = site(host_of(f"//{host}"))
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest())
