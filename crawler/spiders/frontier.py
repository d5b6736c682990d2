"""What is left to ask: a queue per host, polls before leads, and one request per host out at a time.

Leads that gave no page yet come before articles to visit again.

Scrapy's own queue would hold thousands of requests that a stop has to fail; here the corpus is the queue, and what was
not handed out is simply still there for the next run.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crawler.limits import LEADS_PER_HOST_PER_RUN, MISSES_PER_HOST_PER_RUN
from crawler.sources.shards import owns
from crawler.text.web_addresses import netloc_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from crawler.corpus.store import Corpus
    from crawler.model import SourceState


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to ask of `host`: poll a source, or visit a lead (a row of `leads`)."""

    host: str
    source: SourceState | None = None
    lead: dict[str, Any] | None = None


class Frontier:
    """Hands out tasks until nothing is due or `ended` says that nothing more is to be sent."""

    def __init__(
        self,
        corpus: Corpus,
        batch: Sequence[SourceState],
        *,
        clock: Callable[[], datetime],
        ended: Callable[[], bool],
        every_lead: bool = False,
        revisits: int = 0,
        shard: tuple[int, int] = (1, 1),
    ) -> None:
        """Take up a batch.

        Args:
            corpus: where leads wait.
            batch: the sources to poll.
            clock: what time it is: leads due by then are visited.
            ended: whether nothing more is to be handed out.
            every_lead: visit those that wait after a failure too, each once.
            revisits: how many articles may be visited again.
            shard: this machine among several: it visits its own sites, and leaves the leads to others.
        """
        self._corpus = corpus
        self._clock = clock
        self._ended = ended
        self._every = every_lead
        self._polls: dict[str, deque[SourceState]] = {}
        self._out: set[str] = set()
        self._revisits = revisits
        self._shard = shard
        self._after: dict[tuple[str, bool], tuple[int, int]] = {}
        self._turns: dict[str, deque[int]] = {}
        self._given: set[tuple[int, str]] = set()
        self._visits: Counter[str] = Counter()
        self._misses: Counter[str] = Counter()
        for state in batch:
            self._polls.setdefault(netloc_of(state.url), deque()).append(state)

    def tasks(self) -> Iterator[Task]:
        """Give a task for every host that has one and is not busy."""
        if self._ended():
            return
        due = self._corpus.due_hosts(self._clock(), every=self._every, again=self._revisits > 0)
        for host in [*self._polls, *due]:
            if host not in self._out and (task := self._take(host)) is not None:
                self._out.add(host)
                yield task

    def next_of(self, host: str) -> Iterator[Task]:
        """Give the next task of a host whose last one ended; others are not looked at."""
        self._out.discard(host)
        if not self._ended() and (task := self._take(host)) is not None:
            self._out.add(host)
            yield task

    def _take(self, host: str) -> Task | None:
        if polls := self._polls.get(host):
            return Task(host, source=polls.popleft())
        self._polls.pop(host, None)
        if not owns(self._shard, host) or (self._is_spent(host) and not self._every):
            return None
        return self._lead(host, again=False) or (self._lead(host, again=True) if self._revisits > 0 else None)

    def note(self, host: str, *, page: bool) -> None:
        """Note whether a host's lead gave a page that could be read."""
        self._misses[host] = 0 if page else self._misses[host] + 1

    def _is_spent(self, host: str) -> bool:
        return self._visits[host] >= LEADS_PER_HOST_PER_RUN or self._misses[host] >= MISSES_PER_HOST_PER_RUN

    def _lead(self, host: str, *, again: bool) -> Task | None:
        lead = self._next(host, again=again) if again or self._every else None
        if lead is None and not again:
            lead = self._in_turn(host)  # in a run of every lead: one that is to be asked under another spelling
        if lead is None:
            return None
        self._revisits -= again
        self._visits[host] += 1
        return Task(host, lead=lead)

    def _next(self, host: str, *, again: bool) -> dict[str, Any] | None:
        after = self._after.get((host, again), (0, 0))
        lead = self._corpus.next_lead(host, self._clock(), after, every=self._every, again=again)
        if lead is not None:
            self._after[host, again] = (lead["rung"], lead["id"])
            self._given.add((lead["id"], lead["fetch_url"]))
        return lead

    def _in_turn(self, host: str) -> dict[str, Any] | None:
        """Return a host's next new lead, its sources in turns; none twice, though a page that waits may not be written.

        One whose address gave no article comes again under another of its spellings. The turns are those of when they
        were last asked for: that sorts all that wait at the host.
        """
        now = self._clock()
        for _ in range(2):
            turns = self._turns.setdefault(host, deque())
            while turns:
                lead = self._corpus.due_lead(turns.popleft(), now)
                if lead is not None and (key := (lead["id"], lead["fetch_url"])) not in self._given:
                    self._given.add(key)
                    return lead
            turns.extend(self._corpus.new_leads(host, now, 2 * LEADS_PER_HOST_PER_RUN))
        return None
