"""Benchmarks: `python -m tests.bench [--only NAME] [--quick]` runs them and prints every table in one run.

To add one:

1. Write `tests/bench/NAME.py` with `run(quick: bool) -> Iterable[Table]` (tables.py). Yield each table once it is
   measured. `quick` means a minute at most and no claim to precision: fewer texts, smaller sizes, the same columns.
2. Add `NAME` to `BENCHMARKS` with what it asks. Each runs in a process of its own, one after the other.

CPU seconds and ratios within one run, never wall time: the machine may be busy. Put peers into the same table, ours
first, and leave out with `installed` those that are not there. Where the data is not there either, raise
`Skipped(why)`. What a target asks for stands in the table's `notes` beside what was measured.
"""

from __future__ import annotations

BENCHMARKS = {
    "crawl": "3,000 pages of 55 KB on ten hosts: CPU a page, beside bare Scrapy and other crawlers",
    "hostile": "a crawl with a third of the hosts misbehaving: time, CPU, memory, beside one without them",
    "extraction": "articles out of pages: how well, and pages a CPU-second, beside other extractors",
    "growth": "pages made to be slow: what an extraction costs as they grow",
    "dedupe": "copies: how well, texts signed a CPU-second, and the index at 10k, 100k, 1M texts",
    "stories": "threading: B-cubed figures on ECB+ texts",
    "corpus": "the next page, search and views at 10k, 100k, 1M articles",
    "backfill": "records of WARC files: read, gate, whole path, a second worker",
    "search": "the full-text index: MATCH beside LIKE, one insert, bulk, size",
    "polling": "the cadence beside other rules: delay at equal numbers of polls",
    "daemon": "the daemon over a hundred feeds: delay, CPU a poll, one decision, memory over a thousand crawls",
}
"""Name of a module here -> what it asks, in the order in which they run."""
