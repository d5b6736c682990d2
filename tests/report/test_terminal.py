from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from crawler.cli import main
from crawler.corpus.store import Corpus
from crawler.report.terminal import fit, table, width, wrap
from tests.support.corpus_rows import Rows
from tests.support.work import calls

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WORDS = st.text("小米，。（罗福莉）模型3090亿 ab-MiMo [x]é…", max_size=120)


@pytest.fixture
def rows(tmp_path: Path) -> Iterator[Rows]:
    """Give a corpus to put rows into."""
    made = Rows(tmp_path / "news.db")
    yield made
    made.corpus.close()


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_every_command_fits_the_terminal(demo: tuple[Path, str], columns: int) -> None:
    """Chinese counted as it is drawn; only a URL may be longer, so that it can be copied."""
    corpus = Corpus(demo[0], read_only=True)
    urls = [corpus.value("SELECT url FROM articles ORDER BY depth DESC"), corpus.value("SELECT url FROM edits")]
    story = corpus.value("SELECT id FROM stories ORDER BY articles DESC")
    corpus.close()
    runs = [["search", "小米"], ["search", "MiMo"], ["story", str(story)], *(["why", url] for url in urls)]
    for arguments in [*runs, ["stories"], ["timeline"], ["edits"], ["status"], ["sources"]]:
        said = CliRunner().invoke(main, [*arguments, "--db", str(demo[0])], env={"COLUMNS": str(columns)})
        assert said.exit_code == 0, said.output
        lines = said.output.splitlines()
        assert len(lines) > 2
        assert [line for line in lines if width(line) > columns and "://" not in line] == []


def test_why_says_since_when_a_page_is_gone(demo: tuple[Path, str]) -> None:
    """The demo's second crawl finds one page gone: its text stays, and it is visited again."""
    corpus = Corpus(demo[0], read_only=True)
    (row,) = corpus.rows("SELECT url, since FROM gone")
    corpus.close()
    said = CliRunner().invoke(main, ["why", row["url"], "--db", str(demo[0])]).output
    assert f"gone since {row['since']}; what it said is kept" in said
    assert "is visited again, due" in said


@given(text=WORDS, columns=st.integers(8, 60))
def test_wrapping_keeps_every_word(text: str, columns: int) -> None:
    """No line is too wide, and nothing but white space is lost or added."""
    lines = wrap(text.strip(), columns)
    assert all(width(line) <= columns for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@pytest.mark.parametrize("columns", [100, 10_000])
@pytest.mark.parametrize(
    "text", ["b" * 4000, "".join(map(chr, range(0x4E00, 0x4E00 + 4000))), "（" * 4000, "）b" * 2000]
)
def test_twice_the_text_is_twice_the_work(text: str, columns: int) -> None:
    """A word of 20,000 letters, which an edit may bring, kept `houxu edits` for ever."""
    wrap(text[:10], columns)
    half = calls(lambda: wrap(text[: len(text) // 2], columns))
    assert calls(lambda: wrap(text, columns)) < 2.5 * half


def test_a_long_edit_is_cut(rows: Rows) -> None:
    """Of 50,000 letters a thousand are printed and all are in --json."""
    rows.article("小米发布模型", "第一段。", url="https://news.test/long")
    rows.revise(1, "小米发布模型", f"第一段。\n{'b' * 50_000}")
    for command in (["edits"], ["why", "https://news.test/long"]):
        asked = [*command, "--db", str(rows.corpus.path)]
        said = CliRunner().invoke(main, asked).output
        assert 1000 <= said.count("b") < 1100
        assert "… (50,000 characters: --json has them all)" in " ".join(said.split())
        assert CliRunner().invoke(main, [*asked, "--json"]).output.count("b") >= 50_000


def test_copies_of_copies_are_indented_so_far_alone(rows: Rows) -> None:
    """An outlet that tells a text anew every day stands beside its date, on one line."""
    last = None
    for number in range(60):
        last = rows.article(f"小米发布模型{number}", story=1, copies=last)
    said = CliRunner().invoke(main, ["story", "1", "--db", str(rows.corpus.path)], env={"COLUMNS": "80"}).output
    assert len([line for line in said.splitlines() if "(seen)" in line and line.endswith("↳ 例报")]) == 59


def test_no_line_begins_with_what_closes() -> None:
    """Punctuation stays with the character before it, an opening bracket with the one behind it; URLs are whole."""
    assert wrap("小米今天发布了（新）模型。", 12) == ["小米今天发布", "  了（新）模", "  型。"]
    assert wrap("read https://example.test/a/very/long/path now", 12) == [
        "read",
        "  https://example.test/a/very/long/path",
        "  now",
    ]


@given(
    rows=st.lists(
        st.fixed_dictionaries({"id": st.integers(0, 10**9), "at": st.just("2026-03-01T10:00:00Z"), "title": WORDS})
    ),
    terminal=st.integers(24, 90),
)
def test_tables_fit_any_terminal(rows: list[dict[str, object]], terminal: int) -> None:
    """Ids and days are never cut for want of room: they get lines of their own."""
    lines = list(table(rows, ("id", "at", "title"), terminal))
    assert all(width(line) <= terminal for line in lines)
    assert all(any(str(row["id"]) in line for line in lines) for row in rows)
    assert sum("2026-03-01" in line for line in lines) == len(rows)


def test_what_is_cut_says_so() -> None:
    """With an ellipsis, inside the width."""
    assert fit("小米发布模型", 7) == "小米发…"
    assert fit("a  b\n c", 9) == "a b c"
