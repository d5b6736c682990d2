"""The coverage as a file for other tools: JSON Lines, CSV, Parquet."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from crawler.corpus.export_rows import COVERED
from crawler.errors import MissingExtra

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from crawler.corpus.store import Corpus

Format = Literal["jsonl", "csv", "parquet"]

FORMULA = tuple("=+-@\t\r\n")
"""How a cell begins that a spreadsheet runs (OWASP, CSV Injection), in every compatibility form: Excel in Japanese runs
the full-width and small ones (＝ ﹦)."""

BATCH, BATCH_CHARACTERS = 1000, 4_000_000
"""Rows of a Parquet row group, and characters of bodies with which it ends: with 700 characters each some 2 MB. Five
hundred of 200,000 took 1.2 GB."""

_NUMBERS = {"id", "story_id", "root_id", "depth", "revisions", "background"}


def export(corpus: Corpus, form: Format, out: BinaryIO) -> int:
    """Write every covered article, in the order of its id, and return how many there were.

    Args:
        corpus: open for reading.
        form: `jsonl` (UTF-8, a JSON object a line), `csv` (UTF-8 with a byte order mark, without which Excel reads it
            as another charset; cells that a spreadsheet would run get an apostrophe in front), or `parquet` (zstd).
        out: where to.

    Raises:
        CorpusError: the corpus cannot be read.
        MissingExtra: Parquet, without pyarrow.
    """
    write: Callable[[Iterable[dict[str, Any]], BinaryIO], None] = {
        "jsonl": _jsonl,
        "csv": _csv,
        "parquet": _parquet,
    }[form]
    count = 0

    def counted() -> Iterator[dict[str, Any]]:
        nonlocal count
        for row in corpus.covered():
            count += 1
            yield row

    write(counted(), out)
    return count


def _jsonl(rows: Iterable[dict[str, Any]], out: BinaryIO) -> None:
    for row in rows:
        said = {**row, "authors": json.loads(row["authors"]), "background": bool(row["background"])}
        out.write(json.dumps(said, ensure_ascii=False).encode() + b"\n")


def _csv(rows: Iterable[dict[str, Any]], out: BinaryIO) -> None:
    text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="", write_through=True)
    try:
        writer = csv.writer(text)
        writer.writerow(COVERED)
        writer.writerows([_defused(row[name]) for name in COVERED] for row in rows)
    finally:
        text.detach()  # else closing it would close `out`


def _defused(value: Any) -> Any:
    """Return a cell with an apostrophe in front where a spreadsheet would run it.

    Invisible characters (byte order marks, joiners, marks of direction) do not count: some leave them out as they read.
    """
    if not isinstance(value, str):
        return value
    shown = next((char for char in value if unicodedata.category(char) != "Cf"), "")
    return f"'{value}" if unicodedata.normalize("NFKC", shown)[:1] in FORMULA else value


def _parquet(rows: Iterable[dict[str, Any]], out: BinaryIO) -> None:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise MissingExtra("export --format parquet", "parquet") from error
    schema = pa.schema([(name, pa.int64() if name in _NUMBERS else pa.string()) for name in COVERED])
    waiting = iter(rows)
    with parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        while batch := list(_some(waiting)):
            writer.write_table(pa.Table.from_pylist(batch, schema=schema))


def _some(rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Take as many rows as make one row group."""
    left = BATCH_CHARACTERS
    for row in islice(rows, BATCH):
        yield row
        left -= len(row["body"])
        if left <= 0:
            return
