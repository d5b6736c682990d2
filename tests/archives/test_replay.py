"""WARC files along the same path as a live crawl."""

from __future__ import annotations

import gzip
import resource
import sys
import zlib
from typing import TYPE_CHECKING

import brotli
import pytest

from crawler.archives.replay import replay
from crawler.archives.warc import pages, records
from crawler.errors import CorpusError, MissingExtra
from crawler.extract.rights import reserved
from tests.test_path import BODY, page

if TYPE_CHECKING:
    from pathlib import Path

    from crawler.corpus.store import Corpus
    from crawler.model import Topic

pytest.importorskip("fastwarc", reason="the extra `warc` is not installed")


def record(url: str, body: bytes, *headers: str, status: str = "200 OK", kind: str = "text/html") -> bytes:
    """Return one response record."""
    http = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Type: {kind}", *headers, "", ""]).encode() + body
    head = (
        "WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-000000000001>\r\n"
        f"WARC-Target-URI: {url}\r\nWARC-Date: 2025-12-17T10:30:00Z\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(http)}\r\n\r\n"
    )
    return head.encode() + http + b"\r\n\r\n"


def chunked(body: bytes) -> bytes:
    """Return a body in two chunks."""
    half = len(body) // 2
    parts = (body[:half], body[half:])
    return b"".join(f"{len(part):x}\r\n".encode() + part + b"\r\n" for part in parts) + b"0\r\n\r\n"


HTML = page(BODY).body


@pytest.fixture
def warc(tmp_path: Path) -> Path:
    """Write a WARC file of pages in every encoding, and records that are no pages."""
    path = tmp_path / "sample.warc.gz"
    every = [
        record("https://bao.test/plain", HTML),
        record("https://bao.test/gzip", gzip.compress(HTML), "Content-Encoding: gzip"),
        record("https://bao.test/deflate", zlib.compress(HTML), "Content-Encoding: deflate"),
        record("https://bao.test/chunked", chunked(HTML), "Transfer-Encoding: chunked"),
        record(
            "https://bao.test/both",
            chunked(gzip.compress(HTML)),
            "Transfer-Encoding: chunked",
            "Content-Encoding: gzip",
        ),
        record("https://bao.test/brotli", brotli.compress(HTML), "Content-Encoding: br"),
        record("https://bao.test/cut", brotli.compress(HTML)[:-9], "Content-Encoding: br"),
        record("https://bao.test/liar", HTML, "Content-Encoding: gzip"),
        record("https://bao.test/missing", b"", status="404 Not Found"),
        record("https://bao.test/picture", b"\x89PNG", kind="image/png"),
        record("https://bao.test/bomb", gzip.compress(b"\0" * 20_000_000), "Content-Encoding: gzip"),
        record("https://bao.test/last", HTML),
    ]
    path.write_bytes(b"".join(gzip.compress(each) for each in every))
    return path


def test_every_encoding_is_read_and_the_file_to_its_end(warc: Path) -> None:
    """Chunked, gzipped, both, or a lie about it: the same bytes; other answers and bombs are left out."""
    read = list(pages(warc))
    assert [each.url.rsplit("/", 1)[1] for each in read] == [
        "plain",
        "gzip",
        "deflate",
        "chunked",
        "both",
        "brotli",
        "liar",
        "last",
    ]
    assert {each.body for each in read} == {HTML}
    assert {f"{each.fetched_at:%FT%TZ}" for each in read} == {"2025-12-17T10:30:00Z"}


def test_every_line_of_what_an_archived_answer_reserves_counts(tmp_path: Path) -> None:
    """As of an answer to a visit: neither the first nor the last line alone, and each for its own agent."""
    said = ["X-Robots-Tag: noarchive", "X-Robots-Tag: googlebot: all", "TDM-Reservation: 1", "tdm-reservation: 0"]
    file = tmp_path / "a.warc"
    file.write_bytes(record("https://bao.test/1", HTML, *said))
    (got,) = pages(file)
    assert reserved(got.body, got.headers) == "tdm-reservation (header), noarchive (X-Robots-Tag)"


@pytest.mark.parametrize("size", ["-6", "+6", "0x6", "1_0", "", "g", "f" * 17])
def test_a_chunk_size_is_hexadecimal_digits_only(size: str, tmp_path: Path) -> None:
    """What says it is chunked and names no size is taken as it stands: a negative one is no way back, for ever."""
    body = f"{size}\r\nabcdef\r\n0\r\n\r\n".encode()
    file = tmp_path / "chunk.warc"
    file.write_bytes(record("https://bao.test/odd", body, "Transfer-Encoding: chunked"))
    assert [each.body for each in pages(file)] == [body]


def test_chunk_sizes_may_be_padded_and_extended(tmp_path: Path) -> None:
    """Servers pad a size with spaces, and may say more behind a semicolon."""
    file = tmp_path / "chunk.warc"
    body = b"6  \r\nabcdef\r\n00000000000A;name=value\r\nghijklmnop\r\n0\r\n\r\n"
    file.write_bytes(record("https://bao.test/padded", body, "Transfer-Encoding: chunked"))
    assert [each.body for each in pages(file)] == [b"abcdefghijklmnop"]


def test_a_brotli_bomb_is_unpacked_up_to_the_limit(tmp_path: Path) -> None:
    """300 MB in a few hundred bytes are a page too large, and take no memory worth the name."""
    packer = brotli.Compressor(quality=1)
    bomb = b"".join(packer.process(bytes(1 << 20)) for _ in range(300)) + packer.finish()
    file = tmp_path / "bomb.warc"
    file.write_bytes(record("https://bao.test/bomb", bomb, "Content-Encoding: br"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert [each.dropped for each in records(file)] == ["large"]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


def test_replaying_twice_is_replaying_once(warc: Path, corpus: Corpus, topic: Topic) -> None:
    """The second time every article is known, and nothing is added to the texts."""
    first = replay(corpus, topic, [warc])
    texts = corpus.rows("SELECT * FROM revisions")
    second = replay(corpus, topic, [warc])
    assert first["stored"] == 8
    assert second == {"unchanged": 8}
    assert corpus.rows("SELECT * FROM revisions") == texts


def test_what_is_no_warc_is_an_error(tmp_path: Path) -> None:
    """A file that cannot be read is named."""
    with pytest.raises(CorpusError, match=r"none\.warc"):
        list(pages(tmp_path / "none.warc.gz"))


def test_without_the_extra_it_says_what_to_install(warc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FastWARC is an extra; missing, its name is in the message."""
    monkeypatch.setitem(sys.modules, "fastwarc.warc", None)
    with pytest.raises(MissingExtra, match=r"houxu\[warc\]"):
        list(pages(warc))
