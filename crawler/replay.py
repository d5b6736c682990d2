"""Pages out of WARC files, along the same path as a live page; WARC-Date is when they were fetched."""

from __future__ import annotations

import gzip
import zlib
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from crawler import __version__
from crawler.errors import CorpusError, MissingExtra
from crawler.model import Page, instant
from crawler.path import append, prepare
from crawler.spiders.endings import ending_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from crawler.corpus.store import Corpus
    from crawler.model import Topic

MAX_BYTES = 8 * 1024 * 1024
"""As DOWNLOAD_MAXSIZE: a larger record is left out, and counted."""


def replay(
    corpus: Corpus,
    topic: Topic,
    files: Iterable[Path],
    *,
    progress: Callable[[int], object] = lambda _count: None,
) -> Counter[str]:
    """Take every HTML page of the files along the path.

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
    run_id = corpus.start_run("person", datetime.now(UTC))
    endings: Counter[str] = Counter()
    for file in files:
        for page in pages(file):
            endings[append(corpus, topic, prepare(topic, page), run_id, status=200).ending] += 1
            progress(1)
    now = datetime.now(UTC)
    with corpus.transaction():
        corpus.settle(now, days=None)
    corpus.tidy_index()
    corpus.end_run(run_id, "done", now, f"houxu {__version__} replay")
    return endings


def pages(file: Path) -> Iterator[Page]:
    """Give the HTML pages of a WARC file, streamed; answers other than 200 and larger than `MAX_BYTES` are left out.

    Raises:
        MissingExtra: FastWARC is not installed.
        CorpusError: the file cannot be read.
    """
    try:
        from fastwarc.warc import ArchiveIterator, WarcRecordType
    except ImportError as error:
        raise MissingExtra("replay", "warc") from error
    try:
        # No auto_decode: with it the iterator stops, without a word, after a record that is chunked and gzipped.
        with file.open("rb") as stream:
            for record in ArchiveIterator(stream, record_types=WarcRecordType.response):
                page = _page(record)
                if page is not None:
                    yield page
    except (OSError, RuntimeError) as error:
        raise CorpusError(file, f"not a WARC file, or a damaged one: {error}") from error


def _page(record: Any) -> Page | None:
    headers = {name.lower(): value for name, value in record.http_headers.items()} if record.http_headers else {}
    status = record.http_headers.status_code if record.http_headers else None
    if status is None or ending_of(status, headers.get("content-type", "")) is not None:
        return None
    body = _decoded(record.reader.read(MAX_BYTES + 1), headers)
    if body is None or len(body) > MAX_BYTES:
        return None
    return Page(
        url=record.headers["WARC-Target-URI"].strip("<>"),
        body=body,
        fetched_at=instant(record.headers["WARC-Date"][:19] + "Z"),
        headers={
            name: value for name, value in headers.items() if name not in {"transfer-encoding", "content-encoding"}
        },
    )


def _decoded(body: bytes, headers: dict[str, str]) -> bytes | None:
    if "chunked" in headers.get("transfer-encoding", "").lower():
        body = _unchunked(body)
    match headers.get("content-encoding", "").strip().lower():
        case "" | "identity":
            return body
        case "gzip" | "x-gzip":
            return _inflated(body, 16 + zlib.MAX_WBITS)
        case "deflate":
            return _inflated(body, zlib.MAX_WBITS)
        case "br":
            return _unbrotlied(body)
    return None


def _inflated(body: bytes, bits: int) -> bytes | None:
    """Inflate up to the limit: what an archive holds may be a bomb."""
    try:
        return zlib.decompressobj(bits).decompress(body, MAX_BYTES + 1)
    except (zlib.error, gzip.BadGzipFile):
        return body if bits > zlib.MAX_WBITS and not body.startswith(b"\x1f\x8b") else None  # said so, and was not


def _unbrotlied(body: bytes) -> bytes | None:
    import brotli  # Scrapy brings it

    try:
        return bytes(brotli.decompress(body))
    except brotli.error:
        return None


def _unchunked(body: bytes) -> bytes:
    """Undo chunked transfer; what is not chunked although it says so is returned as it is."""
    out, at = bytearray(), 0
    while True:
        line_end = body.find(b"\r\n", at)
        try:
            size = int(body[at:line_end].split(b";")[0], 16)
        except ValueError:
            return bytes(out) if out else body
        if line_end < 0 or size == 0:
            return bytes(out)
        out += body[line_end + 2 : line_end + 2 + size]
        at = line_end + 4 + size
