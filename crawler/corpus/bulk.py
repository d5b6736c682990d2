"""A corpus that is filled in bulk."""

from __future__ import annotations

from crawler.corpus.store import Corpus


class Bulk(Corpus):
    """A corpus whose stories are settled when all is in: until then a text is a story of its own.

    The provisional place that a text gets in a live crawl, so that people may read meanwhile, is half of what it costs
    to append it; `settle` decides anew for every text, and leaves the same stories.
    """

    def _join(self, root_id: int) -> int:
        return self._new_story(root_id)
