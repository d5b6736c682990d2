"""Pages out of WARC files, along the same path as a live page; WARC-Date is when they were fetched."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from crawler import __version__
from crawler.archives.warc import pages
from crawler.corpus.runs import RunEnding
from crawler.path import append, prepare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from crawler.corpus.store import Corpus
    from crawler.model import Topic


def replay(
    corpus: Corpus,
    topic: Topic,
    files: Iterable[Path],
    *,
    progress: Callable[[int], object] = lambda _count: None,
) -> Counter[str]:
    """Take every HTML page of the files along the path, each text with the file as its origin.

    Args:
        corpus: open for writing, its lock held by the caller.
        topic: what is followed.
        files: WARC files, plain, gzip or zstd.
        progress: called as pages are dealt with.

    Returns:
        How many visits had which ending.

    Raises:
        MissingExtra: FastWARC is not installed.
        CorpusError: a file is no WARC, or the corpus cannot be written.
    """
    run_id = corpus.start_run("person", datetime.now(UTC), kind="replay")
    endings: Counter[str] = Counter()
    for file in files:
        origin = f"replay of {file.name}"
        for page in pages(file):
            endings[append(corpus, topic, prepare(topic, page), run_id, status=200, origin=origin).ending] += 1
            progress(1)
    now = datetime.now(UTC)
    with corpus.transaction():
        corpus.settle(now, days=None)
    corpus.end_run(run_id, RunEnding.DONE, now, f"houxu {__version__} replay")
    return endings
