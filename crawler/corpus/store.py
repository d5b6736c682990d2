"""The corpus: one SQLite file, every domain's methods on one connection, and the raw pages beside it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from crawler.corpus.articles import Articles
from crawler.corpus.claim_rows import Claims
from crawler.corpus.copies import Copies
from crawler.corpus.export_rows import News
from crawler.corpus.leads import Leads
from crawler.corpus.pages import Pages, pages_path
from crawler.corpus.runs import Runs
from crawler.corpus.schedule import Sources
from crawler.corpus.search import Search
from crawler.corpus.source_history import Pasts
from crawler.corpus.status_queries import Reads
from crawler.corpus.story_rows import Stories

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger("houxu")


class Corpus(Articles, Claims, Copies, Leads, News, Pasts, Reads, Runs, Search, Sources, Stories):
    """One open corpus. To add a method, find its domain's file: each mixin says which tables it owns.

    Attributes:
        pages: the raw pages, in a file of their own.
    """

    def __init__(
        self, path: Path | str, *, create: bool = False, read_only: bool = False, migrate: bool = False
    ) -> None:
        super().__init__(path, create=create, read_only=read_only, migrate=migrate)
        self._pages: Pages | None = None
        self._read_only = read_only

    @property
    def pages(self) -> Pages:
        """The raw pages, opened when first asked for.

        Raises:
            CorpusError: the file is missing and we only read, or SQLite cannot open it.
        """
        if self._pages is None:
            self._miss_pages()
            self._pages = Pages(self.path, read_only=self._read_only)
        return self._pages

    def _miss_pages(self) -> None:
        """Tell, once since a new file is begun, that pages which the corpus refers to are gone with theirs."""
        if self._read_only or pages_path(self.path).exists():
            return
        count = self.value("SELECT count(DISTINCT page_sha256) FROM visits")
        if count:
            log.error(
                "%s is missing with %d pages: they cannot be judged again; every text is kept, and a new file is begun",
                pages_path(self.path),
                count,
            )

    def close(self, *, checkpoint: bool = False) -> None:
        """Close both files; `checkpoint` first moves their WALs into them and empties them."""
        if self._pages is not None:
            self._pages.close(checkpoint=checkpoint)
            self._pages = None
        super().close(checkpoint=checkpoint)
