"""Pages out of WARC files: the one way to read an archive, for replay and backfill.

A file is streamed and never believed: a record that is broken, cut off, or not what its digest says is passed over and
said, and reading goes on at the next one. `WARC-Date` is when a page was fetched.
"""

from __future__ import annotations

import gzip
import re
import sys
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, BinaryIO

from crawler.dedupe import host_of
from crawler.errors import CorpusError, MissingExtra
from crawler.limits import RECORD_BYTES
from crawler.model import Page, instant, stamp
from crawler.spiders.http_endings import ending_of
from crawler.spiders.items import headers_of

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DROPPED = {
    "host": "from a host that was not asked for",
    "date": "fetched outside --from and --to",
    "answer": "no page: a status other than 200, or no HTML",
    "large": f"larger than {RECORD_BYTES // 1024 // 1024} MiB",
    "coding": "in an encoding that cannot be undone",
    "digest": "not what its digest says",
    "broken": "damaged, cut off, or no HTTP answer",
    "gate": "without any name of the topic",
}
"""Why a response record gives no page that is worth a parse; the last is the topic's own byte gate."""

LONGEST_FILE = timedelta(days=2)
"""After the time in its name a CC-NEWS file holds no record: it is closed after a day or a gigabyte."""

_NAMED_TIME = re.compile(r"-(\d{14})-\d+\.warc")
_GZIP, _ZSTD = b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd"
_BEGINS = re.compile(b"|".join(map(re.escape, (_GZIP, _ZSTD, b"WARC/"))))
_CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,16}")
"""`int` would read a sign, an underscore and white space too: after a negative size reading never ends."""

_WINDOW = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which records to look into: exact hosts (none: all), fetched from `since` and before `until`, both aware."""

    hosts: frozenset[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None

    def file(self, name: str) -> bool:
        """Say whether a file of this name may hold a wanted record: CC-NEWS names tell when a file was begun."""
        found = _NAMED_TIME.search(name)
        if found is None:
            return True
        try:
            begun = datetime.strptime(found[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
            over = begun + LONGEST_FILE
        except (ValueError, OverflowError):  # fourteen digits that are no time, or none that ends
            return True
        return (self.until is None or begun < self.until) and (self.since is None or over > self.since)

    def dropped(self, url: str, date: str) -> str | None:
        """Return the reason, of `DROPPED`, to pass over a record before its HTTP answer is read."""
        if (self.since and date < stamp(self.since)) or (self.until and date >= stamp(self.until)):
            return "date"
        if self.hosts and host_of(url).removeprefix("www.") not in self.hosts:
            return "host"
        return None


EVERY = Wanted()


@dataclass(frozen=True, slots=True)
class Place:
    """How far a file was read: response records so far, and where and what the last one was."""

    number: int = 0
    offset: int = 0
    record_id: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """A response record: its page, or why there is none (a key of `DROPPED`)."""

    place: Place
    page: Page | None = None
    dropped: str | None = None


def records(file: Path, wanted: Wanted = EVERY, after: Place | None = None) -> Iterator[Record]:
    """Give every response record of a file behind `after`, streamed; damage is one record `broken`, and is passed.

    Args:
        file: plain, gzip or zstd, one member a record or the whole file in one.
        wanted: which records to look into.
        after: the last record dealt with. Where the file can be entered there it is; otherwise what lies before is
            read and thrown away.

    Raises:
        MissingExtra: FastWARC is not installed.
        CorpusError: the file cannot be read, or holds no WARC record at its head.
    """
    try:
        with file.open("rb") as stream:
            if not _opens_record(stream, 0):
                raise CorpusError(file, "not a WARC file")
            entered = after is not None and _enter(stream, after)
            place = after if after is not None and entered else Place()
            broken = False
            for offset, raw in _raw(stream, place.offset):
                if (raw is None and broken) or (entered and place is after and _id(raw) == place.record_id):
                    continue  # a stretch of damage counts once; the record by which we entered was dealt with
                place = Place(place.number + 1, offset, _id(raw))
                record = _read(raw, place, wanted)
                broken = record.dropped == "broken"
                if after is None or place.number > after.number:
                    yield record
    except OSError as error:
        raise CorpusError(file, str(error)) from error


def pages(file: Path) -> Iterator[Page]:
    """Give the pages of a WARC file, streamed; records that give none are left out.

    Raises:
        MissingExtra, CorpusError: as `records` does.
    """
    return (record.page for record in records(file) if record.page is not None)


def reader() -> tuple[Any, Any]:
    """Return FastWARC's iterator, and what it calls a response.

    Raises:
        MissingExtra: FastWARC is not installed.
    """
    try:
        from fastwarc.warc import ArchiveIterator, WarcRecordType
    except ImportError as error:
        raise MissingExtra("replay or backfill", "warc") from error
    return ArchiveIterator, WarcRecordType.response


def _raw(stream: BinaryIO, offset: int) -> Iterator[tuple[int, Any]]:
    """Give (offset, FastWARC's record) of every response from `offset` on; None for a damaged stretch."""
    iterator, response = reader()
    at: int | None = offset
    while at is not None:
        stream.seek(at)
        try:
            # No auto_decode: with it the iterator stops, without a word, after a record that is chunked and gzipped.
            # The HTTP head is parsed later: a block digest is of the block as it stands in the file.
            for raw in iterator(stream, record_types=response, parse_http=False):
                at = raw.stream_pos
                yield at, raw
        except (OSError, RuntimeError):
            yield at, None
            at = _next_member(stream, at + 1)
        else:
            return


def _enter(stream: BinaryIO, place: Place) -> bool:
    """Say whether the record at a place is the one that was there: else the file is one long member, or changed."""
    if not place.number or not place.record_id or not _opens_record(stream, place.offset):
        return False
    return next((_id(raw) == place.record_id for _, raw in _raw(stream, place.offset)), False)


def _opens_record(stream: BinaryIO, offset: int) -> bool:
    """Say whether a WARC record begins at this offset, compressed or not."""
    stream.seek(offset)
    head = stream.read(1 << 16)
    try:
        if head.startswith(_GZIP):
            head = zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(head, 16)
        elif head.startswith(_ZSTD):
            head = zstd.ZstdDecompressor().decompress(head, 16)
    except (zlib.error, zstd.ZstdError):
        return False
    return head.startswith(b"WARC/")


def _next_member(stream: BinaryIO, offset: int) -> int | None:
    """Return where the next record begins at or behind an offset, past whatever is damaged; None at the end."""
    while True:
        stream.seek(offset)
        window = stream.read(_WINDOW)
        for found in _BEGINS.finditer(window):
            if _opens_record(stream, offset + found.start()):
                return offset + found.start()
        if len(window) < _WINDOW:
            return None
        offset += _WINDOW - len(b"WARC/")


def _id(raw: Any) -> str:
    return "" if raw is None else str(raw.record_id or "")


def _read(raw: Any, place: Place, wanted: Wanted) -> Record:
    if raw is None:
        return Record(place, dropped="broken")
    try:
        return _looked_into(raw, place, wanted)
    except (OSError, RuntimeError, ValueError):
        return Record(Place(place.number, place.offset), dropped="broken")


def _looked_into(raw: Any, place: Place, wanted: Wanted) -> Record:
    url = str(raw.headers.get("WARC-Target-URI") or "").strip("<>")
    date = str(raw.headers.get("WARC-Date") or "")[:19] + "Z"
    fetched_at = instant(date)
    if (reason := wanted.dropped(url, date)) is not None:
        return Record(place, dropped=reason)
    if raw.content_length > RECORD_BYTES:
        return Record(place, dropped="large")
    page = _page(raw, url, fetched_at)
    return Record(place, dropped=page) if isinstance(page, str) else Record(place, page)


def _page(raw: Any, url: str, fetched_at: datetime) -> Page | str:
    """Return the page of a record, or a key of `DROPPED`."""
    whole = raw.content_length
    said = raw.headers.get("WARC-Block-Digest")
    if said and not raw.verify_block_digest(consume=False):
        return "broken" if _cut(raw, whole) else "digest"
    raw.parse_http()
    if raw.http_headers is None or raw.http_headers.status_code is None:
        return "broken"
    headers = headers_of(raw.http_headers.items())
    if ending_of(raw.http_headers.status_code, headers.get("content-type", "")) is not None:
        return "answer"
    length = raw.content_length  # of what follows the HTTP head
    body = raw.reader.read()
    if len(body) < length:
        return "broken"
    plain = _decoded(body, headers)
    if plain is None:
        return "coding"
    if len(plain) > RECORD_BYTES:
        return "large"
    coding = {"transfer-encoding", "content-encoding"}
    kept = {name: value for name, value in headers.items() if name not in coding}
    return Page(url=url, body=plain, fetched_at=fetched_at, headers=kept)


def _cut(raw: Any, whole: int) -> bool:
    """Say whether the file ends within a record, which fails its digest too."""
    return len(raw.reader.read()) < whole


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
        return zlib.decompressobj(bits).decompress(body, RECORD_BYTES + 1)
    except (zlib.error, gzip.BadGzipFile):
        return body if bits > zlib.MAX_WBITS and not body.startswith(b"\x1f\x8b") else None  # said so, and was not


def _unbrotlied(body: bytes) -> bytes | None:
    """Unpack up to the limit, as `_inflated` does; None where the stream is damaged or cut."""
    import brotli  # Scrapy brings it

    unpacker = brotli.Decompressor()
    try:
        plain = bytes(unpacker.process(body, output_buffer_limit=RECORD_BYTES + 1))
    except brotli.error:
        return None
    return plain if unpacker.is_finished() or len(plain) > RECORD_BYTES else None


def _unchunked(body: bytes) -> bytes:
    """Undo chunked transfer; what is not chunked although it says so is returned as it is."""
    out, at = bytearray(), 0
    while True:
        line_end = body.find(b"\r\n", at)
        said = body[at:line_end].split(b";")[0].strip(b" \t")
        if _CHUNK_SIZE.fullmatch(said) is None:
            return bytes(out) if out else body
        size = int(said, 16)
        if line_end < 0 or size == 0:
            return bytes(out)
        out += body[line_end + 2 : line_end + 2 + size]
        at = line_end + 4 + size
