"""The mouth of the path: a fetched page is prepared in this process or, where it is large, in a worker process."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from crawler.errors import Unreadable
from crawler.isolation.worker_process import is_large, tags
from crawler.limits import LARGE_PAGE_BYTES, PAGE_BYTES, PAGE_TAGS
from crawler.path import passes_gate, prepare

if TYPE_CHECKING:
    from crawler.isolation.worker_process import WorkerProcess
    from crawler.model import Page, Topic
    from crawler.path import Prepared


class Intake:
    """Prepares the pages of one crawl.

    Args:
        topic: what is followed.
        worker: where large pages are prepared: one would hold up everybody else's.
    """

    def __init__(self, topic: Topic, worker: WorkerProcess) -> None:
        self._topic = topic
        self._worker = worker

    def gate(self, page: Page) -> bool | None:
        """Return whether a page passes the gate; None for one so large that the worker asks."""
        return passes_gate(self._topic, page) if len(page.body) <= LARGE_PAGE_BYTES else None

    async def prepare(self, page: Page, passed: bool | None = None) -> Prepared:
        """Take a page through the pure stages.

        Args:
            page: as fetched, with its further pages.
            passed: what `gate` returned for it; None to ask.

        Raises:
            Busy: too many large pages wait for the worker.
        """
        if passed is False or not is_large(page.body):
            return prepare(self._topic, page, passed)
        cut = replace(page, body=page.body[:PAGE_BYTES], rest=())
        try:
            if tags(page.body) > PAGE_TAGS:
                error = f"more than {PAGE_TAGS} tags: no page of news has as many"
                prepared = prepare(self._topic, cut, error=error)
            else:
                prepared = await self._worker.run(len(cut.body), prepare, self._topic, cut)
        except Unreadable as why:
            prepared = prepare(self._topic, cut, error=str(why))
        return replace(prepared, page=page)
