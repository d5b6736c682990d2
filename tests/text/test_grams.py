from __future__ import annotations

import re
import sqlite3
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crawler.text.grams import LONGEST, UNIT, WIDE, fold, gram_text, grams

TABLE = "CREATE VIRTUAL TABLE t USING fts5(grams, content='', detail=none, "
TOKENIZER = "tokenize=\"unicode61 remove_diacritics 2 tokenchars '-._+/,'\")"

WORDS = (
    "MiMo-V2-Flash MiMo AI ai OS 309B 3,090 30.9 V2 ＡＩ ３０９Ｂ café Élan é 10² 小米15 a/b x_y C++ Сяоми ① ㎏ İ ß "
)
SIGNS = "ミライ 샤오미 ᏣᎳᎩ ǅ — ‑ ， , - -- ・ 。 \ue000 \u0301 \U00031350 \U0001f600 \u19b0 \uab70 \u212a"
PIECES = (WORDS + SIGNS).split(" ")

TEXT = st.lists(
    st.one_of(
        st.text(alphabet="小米羅罗福莉澎湃眼鏡镜亿億", min_size=1, max_size=9),
        st.sampled_from([*PIECES, " ", "\n", "\u3000", "\x00"]),
        st.characters(codec="utf-8"),
    ),
    max_size=8,
).map("".join)

LATIN = st.sampled_from(["AI", "ai", "MiMo", "309B", "V2", "a", "caf", "OS", "3", "090", "C"])


def table(*texts: str) -> sqlite3.Connection:
    """Return a database whose full-text table, as the schema makes it, holds the grams of these texts."""
    conn = sqlite3.connect(":memory:")
    conn.execute(TABLE + TOKENIZER)
    for text in texts:
        conn.execute("INSERT INTO t (grams) VALUES (?)", (" ".join(grams(text)),))
    return conn


def found(conn: sqlite3.Connection, typed: str) -> set[int]:
    """Return the rows that a MATCH of exactly these characters gives."""
    return {row[0] for row in conn.execute("SELECT rowid FROM t WHERE t MATCH ?", (typed,))}


def scan(text: str, term: str) -> bool:
    """Say whether a term is in a text, as written or folded: a substring, its Latin ends bounded. The issue's truth."""
    left = "(?<![0-9a-z])" if term[0].isascii() else ""
    right = "(?![0-9a-z])" if term[-1].isascii() else ""
    pattern = re.compile(left + re.escape(lower(term)) + right)
    return any(pattern.search(lower(form)) for form in (text, fold(text)))


def lower(text: str) -> str:
    """Return the text with ASCII letters in lower case; str.lower makes one of the Kelvin sign too."""
    return re.sub("[A-Z]", lambda letter: letter[0].lower(), text)


def bald(text: str) -> str:
    """Return a text without accents."""
    return "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))


@given(texts=st.lists(TEXT, min_size=1, max_size=6), data=st.data())
@settings(max_examples=300)
def test_han_of_one_to_six_characters_are_found_as_a_scan_finds_them(texts: list[str], data: st.DataObject) -> None:
    """MATCH and a substring scan of the text, as written or simplified, give the same rows."""
    runs = [run for text in texts for run in re.findall(f"[{WIDE}]+", text + fold(text))] or ["小米"]
    run = data.draw(st.sampled_from(runs))
    start = data.draw(st.integers(0, len(run) - 1))
    term = run[start : start + data.draw(st.integers(1, LONGEST))]
    rows = found(table(*texts), term)
    assert {i for i, text in enumerate(texts, 1) if scan(text, term)} <= rows
    assert rows <= {i for i, text in enumerate(texts, 1) if scan(text, term) or scan(text, fold(term))}


@given(texts=st.lists(TEXT, min_size=1, max_size=6), term=LATIN)
@settings(max_examples=300)
@example(texts=["小米AI眼镜", "ＡＩ", "air", "小米 AI", "AI2", "xAI", "x-AI", "éAI"], term="AI")
@example(texts=["café", "caf", "cafe", "cafés", "ecaf"], term="caf")
def test_latin_words_are_found_whole(texts: list[str], term: str) -> None:
    """A Latin term is bounded by anything but an ASCII letter or digit; the tokenizer also finds it under accents."""
    rows = found(table(*texts), f'"{term}"')
    assert {i for i, text in enumerate(texts, 1) if scan(text, term)} <= rows
    assert rows <= {i for i, text in enumerate(texts, 1) if scan(text, term) or scan(bald(text), term)}


@given(texts=st.lists(TEXT, min_size=1, max_size=4), term=TEXT)
@settings(max_examples=200)
def test_any_bareword_typed_is_answered_or_refused_by_fts5(texts: list[str], term: str) -> None:
    """What the gram maker puts in never breaks the table; a row that was put in can be taken out and leaves nothing."""
    conn = table(*texts)
    for i, text in enumerate(texts, 1):
        conn.execute("INSERT INTO t (t, rowid, grams) VALUES ('delete', ?, ?)", (i, " ".join(grams(text))))
    conn.execute("INSERT INTO t (t) VALUES ('integrity-check')")
    conn.execute("CREATE VIRTUAL TABLE v USING fts5vocab(t, row)")
    conn.execute("INSERT INTO t (t) VALUES ('optimize')")
    assert conn.execute("SELECT * FROM v").fetchall() == []


@pytest.mark.parametrize(
    ("typed", "rows"),
    [
        ("小米", {1, 2, 4}),
        ("小米 罗福莉", {4}),
        ("小米 羅福莉", set()),
        ("小米 OR 罗福莉", {1, 2, 4, 5}),
        ("3090億", set()),
        ("小米 NOT 罗福莉", {1, 2}),
        ("小米 AND AI", {1}),
        ("罗福莉", {4, 5}),
        ("羅福莉", {5}),
        ("AI", {1, 3}),
        ("小米AI眼镜", {1}),
        ("AI眼镜", {1}),
        ("澎湃OS", {2}),
        ("OS", {2}),
        ("mimo", {3, 4}),
        ("309B", {3}),
        ('"MiMo-V2-Flash"', {3}),
        ('"V2-Flash"', {3}),
        ('"mimo-v2-flash"', {3}),
        ('"MiMo-V2"', {3, 4}),
        ('"2.5"', set()),
        ('"V2.5"', {4}),
        ('"3,090亿"', {4}),
        ("米小", {2}),
        ("Flas", set()),
    ],
)
def test_what_a_person_types(typed: str, rows: set[int]) -> None:
    """Words as typed in a plain shell, quoted only where they hold a joiner, find exactly the texts that have them."""
    texts = [
        "小米AI眼镜发布，3090亿",
        "小米推出澎湃OS，大米小麦",
        "MiMo-V2-Flash (309B) beats other AI",
        "小米的罗福莉谈MiMo-V2.5：3,090亿参数",
        "羅福莉",
    ]
    assert found(table(*texts), typed) == rows


def test_every_code_point_the_grams_hold_is_one_fts5_keeps() -> None:
    """No gram is split by the tokenizer of this SQLite, or a gram typed would find more than it says."""
    conn = table()
    for block in (range(start, start + 256) for start in range(0, 0x110000, 256)):
        kept = [f"q{chr(point)}z" for point in block if UNIT.fullmatch(chr(point))]
        conn.execute("INSERT INTO t (rowid, grams) VALUES (?, ?)", (block.start, " ".join(kept)))
    conn.execute("CREATE VIRTUAL TABLE v USING fts5vocab(t, instance)")
    split = [f"in the block of U+{row:04X}" for (row,) in conn.execute("SELECT doc FROM v WHERE term IN ('q', 'z')")]
    assert split == []


@given(st.lists(TEXT, max_size=6).map("\n".join))
@settings(max_examples=300)
@example("".join(map(chr, range(0x4E00, 0x4E00 + 3000))))  # more characters than six of fit into an integer
@example("小米小米小米小米小米小米")
def test_rows_in_arrays_are_those_of_slices(text: str) -> None:
    """Every one to six characters of a run without spaces, and none across two runs."""
    wide = {run for form in (text, fold(text)) for run in re.findall(f"(?<![{WIDE}])[{WIDE}]+", form)}
    sliced = {
        run[start : start + size]
        for run in wide
        for size in range(1, LONGEST + 1)
        for start in range(len(run) - size + 1)
    }
    found = grams(text)
    assert sliced <= found
    assert {gram for gram in found if re.fullmatch(f"[{WIDE}]+", gram)} == sliced


def test_a_gram_that_stands_again_is_told_once() -> None:
    """What is said often costs the index no more."""
    told = gram_text("小米大模型。" * 50).split()
    assert sorted(told) == sorted({*told})


def test_a_long_serial_number_is_found_whole() -> None:
    """A Latin row of more units than a gram holds is one gram too."""
    assert "a.b.c.d.e.f.g.h" in grams("见 a.b.c.d.e.f.g.h 附件")
