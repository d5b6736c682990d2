from __future__ import annotations

import builtins
import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.corpus.export_rows import COVERED
from crawler.errors import CorpusError, MissingExtra
from crawler.report.export import BATCH, BATCH_CHARACTERS, _defused, _some, export
from tests.support.corpus_rows import START, Rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def rows(tmp_path: Path) -> Iterator[Rows]:
    """Give a corpus of three covered articles, one of them hostile to spreadsheets, and one off topic."""
    made = Rows(tmp_path / "c.db")
    made.article("小米，“发布”模型", "一行。\n二行。", story=1, published=START)
    made.article("=cmd|' /C calc'!A0", "@SUM(1)", outlet="+报", story=1)
    made.article("Luo Fuli", 'She said "309B".', lang="en")
    made.article("不相干", relevant=False)
    made.revise(1, "小米，“发布”模型", "一行改。")
    yield made
    made.corpus.close()


def test_json_lines_hold_the_latest_text_of_the_coverage(rows: Rows) -> None:
    """An object a line, Chinese as it is, lists and truth values as such."""
    out = io.BytesIO()
    assert export(rows.corpus, "jsonl", out) == 3
    got = [json.loads(line) for line in out.getvalue().decode().splitlines()]
    assert [row["title"] for row in got] == ["小米，“发布”模型", "=cmd|' /C calc'!A0", "Luo Fuli"]
    assert tuple(got[0]) == COVERED
    assert (got[0]["body"], got[0]["authors"], got[0]["background"]) == ("一行改。", [], False)
    assert "小米" in out.getvalue().decode()


def test_csv_is_read_back_by_a_reader_and_runs_nothing(rows: Rows) -> None:
    """The byte order mark stands for Excel, newlines survive, and a formula is text."""
    out = io.BytesIO()
    assert export(rows.corpus, "csv", out) == 3
    assert not out.closed
    assert out.getvalue().startswith(b"\xef\xbb\xbf")
    got = list(csv.DictReader(io.StringIO(out.getvalue().decode("utf-8-sig"), newline="")))
    assert got[0]["title"] == "小米，“发布”模型"
    assert (got[1]["title"], got[1]["body"], got[1]["outlet"]) == ("'=cmd|' /C calc'!A0", "'@SUM(1)", "'+报")
    assert got[2]["body"] == 'She said "309B".'


@given(cell=st.text())
def test_no_cell_begins_as_a_formula(cell: str) -> None:
    """Whatever a page says."""
    assert not str(_defused(cell)).startswith(tuple("=+-@\t\r"))
    assert _defused(-1) == -1


@pytest.mark.parametrize("unseen", ["\u200b", "\ufeff", "\u200f", "\u061c", "\xad", "\u2060\u200d\ufeff"])
def test_no_invisible_character_hides_a_formula(unseen: str) -> None:
    """What stands behind it decides; text and what is nothing but invisible stay as they are."""
    for sign in "=+-@＝﹦⁼﹢﹣﹫":
        assert _defused(f"{unseen}{sign}1+1") == f"'{unseen}{sign}1+1"
    for harmless in (f"{unseen}小米 = 1", unseen, ""):
        assert _defused(harmless) == harmless


def test_parquet_is_read_back(rows: Rows) -> None:
    """Numbers are numbers, nothing is lost."""
    pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")
    from pyarrow import parquet

    out = io.BytesIO()
    assert export(rows.corpus, "parquet", out) == 3
    table = parquet.read_table(io.BytesIO(out.getvalue()))
    assert tuple(table.column_names) == COVERED
    assert table.column("id").to_pylist() == [1, 2, 3]
    assert table.column("title").to_pylist()[1] == "=cmd|' /C calc'!A0"
    assert table.column("published_at").to_pylist() == ["2026-03-01T00:00:00Z", None, None]


def test_a_row_group_ends_at_so_many_characters() -> None:
    """Long texts are no reason to hold gigabytes: five hundred of 200,000 characters took 1.2."""
    half = BATCH_CHARACTERS // 2
    waiting = iter([{"body": "x" * half}] * 4 + [{"body": "x"}] * (BATCH + 2))
    sizes = []
    while batch := list(_some(waiting)):
        sizes.append(len(batch))
    assert sizes == [2, 2, BATCH, 2]


def test_parquet_without_its_extra_says_what_to_install(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    """MissingExtra, not ImportError."""
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtra, match=r"houxu\[parquet\]"):
        export(rows.corpus, "parquet", io.BytesIO())


def test_an_unreadable_corpus_is_a_corpus_error(rows: Rows) -> None:
    """A table that is gone ends the export with the file's name."""
    rows.corpus.conn.execute("DROP VIEW coverage")
    with pytest.raises(CorpusError, match=r"c\.db"):
        export(rows.corpus, "jsonl", io.BytesIO())
