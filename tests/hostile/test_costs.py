"""Pages that are made to cost: one visit each, and no more work or memory than their size gives a right to."""

from __future__ import annotations

import encodings
import importlib
import json
import tracemalloc
from datetime import UTC, datetime
from encodings.aliases import aliases
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from crawler import dedupe, limits, relevance
from crawler.corpus.store import Corpus
from crawler.extract import blocks, bylines, class_names, extract, lines, next_page, paywall, published, script_state
from crawler.extract.attributes import bounded
from crawler.extract.declared import Facts
from crawler.extract.tree import parse
from crawler.limits import DECLARED_CHARACTERS
from crawler.model import Article, Ending, Page
from crawler.path import append, prepare
from crawler.text import charset, urls
from tests.hostile.conftest import topic_of
from tests.hostile.server import article

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TEXT = "<p>The committee decided, on Monday, that all would stay as it was, and then its members went home.</p>" * 4


def read(body: str, url: str = "https://a.test/news/1.html") -> Article:
    """Return what extract makes of a page."""
    return extract(Page(url=url, body=body.encode(), fetched_at=NOW))


MANY = 100_000
CROWDED = {
    "without spaces": "<p " + "".join(f'a{n}="1"' for n in range(MANY)) + ">",
    "with slashes": "<p x/" + "/".join(f"a{n}" for n in range(MANY)) + ">",
    "a slash first": "<p/" + "/".join(f"a{n}" for n in range(MANY)) + ">",
    "ends hidden": "<p " + "".join(f'a{n}=">"' for n in range(MANY)) + ">",
    "ends hidden in the other marks": "<p " + "".join(f"a{n} =\n'\">'" for n in range(MANY)) + ">",
    "a beginning hidden": '<p b="<" ' + " ".join(f"a{n}" for n in range(MANY)) + ">",
    "pages hidden": "<p " + "".join(f'a{n} b{n}="<i>"' for n in range(MANY)) + ">",
    "behind a script": "<script>if (a<b) c = '</script><p " + " ".join(f"a{n}" for n in range(MANY)) + ">",
    "behind a mark": "<p '>" + TEXT + "<p " + "".join(f"a{n}='>'" for n in range(MANY)) + ">",
    "wrapped too deep": "<div>" * 3000 + "<x <div> " + " ".join(f"a{n}" for n in range(MANY)) + ">",
}  # fmt: skip


@pytest.mark.parametrize("name", CROWDED)
def test_no_tag_has_more_attributes_than_a_parse_can_bear(name: str) -> None:
    """However they are written: libxml2 took 92 s for 100,000 without white space between them."""
    page = f"<h1>The committee decided</h1>{CROWDED[name]}{TEXT}"
    assert max(len(element.attrib) for element in parse(page).root.iter()) < 60
    assert "its members went home" in read(page).body


def test_a_page_without_crowded_tags_is_parsed_as_it_is() -> None:
    """What only looks like many attributes, a script or a long value, changes nothing."""
    words = " ".join(f"w{n}" for n in range(5000))
    for page in (f"<script>if (a<b) c = '>{words}'</script>", f'<p data-x="{words}">', f"<p>a > b = '>' {words}"):
        assert bounded(page) is page


def said(page: str) -> int:
    """Return how many characters are kept of what a page declares."""
    return sum(len(fact.value) for facts in Facts(parse(page)).by_field.values() for fact in facts)


WORDS = "word, " * 20_000


@pytest.mark.parametrize("name", ["headline", "author", "datePublished"])
def test_elements_inside_one_another_do_not_repeat_the_page(name: str) -> None:
    """Each holds the text of all inside it, of which a page of 2 MB made 1,852 MB."""
    assert said(f"<div itemprop={name}>" * 1000 + WORDS) < 200_000
    assert said("<a rel=author>" + f"<b><a rel=author itemprop={name}>" * 1000 + WORDS) < 200_000


@pytest.mark.parametrize("name", ["og:title", "author", "date", "og:site_name", "og:locale"])
def test_a_declared_value_is_cut(name: str) -> None:
    """One of megabytes is read as its beginning, wherever it is declared, and a thousand of them as some."""
    assert said(f'<meta name="{name}" content="{WORDS}">') <= DECLARED_CHARACTERS
    assert said(f'<meta name="{name}" content="{"word " * 1000}">' * 1000) <= 500 * DECLARED_CHARACTERS
    item = {"@type": "NewsArticle", "headline": WORDS, "author": WORDS, "datePublished": WORDS, "inLanguage": WORDS}
    assert said(f"<script type=application/ld+json>{json.dumps(item)}</script>") <= 4 * DECLARED_CHARACTERS


def test_an_address_is_not_cut_but_left_out() -> None:
    """A part of it would be another page's."""
    long = "https://a.test/" + "y" * DECLARED_CHARACTERS
    page = (
        f'<link rel=canonical href="{long}"><meta property=og:url content="{long}"><meta name=image content="{long}">'
    )
    held = read(f"<h1>The committee decided</h1>{page}{TEXT}")
    assert (held.url, held.image) == ("https://a.test/news/1.html", None)


def test_an_author_of_marks_is_read_once() -> None:
    """A word of 80,000 @ took 17.6 s: each was tried as the one of an address."""
    assert bylines.split("Anna Arendt " + "@" * 500_000 + " b") == ()
    assert bylines.split("Anna Arendt anna@a.test") == ("Anna Arendt",)


def test_titles_and_headings_are_compared_by_their_beginnings() -> None:
    """50 declared titles and 30 headings, in a page of 2 MB, took 14 s; a title of nothing but _ took 284 MB."""
    alike = "".join(chr(0x4E00 + n) for n in range(12_000))
    titles = f'<meta property=og:title content="{alike}">' * 50
    headings = "".join(f"<h1>{''.join(chr(0x8000 + n * 190 + k) for k in range(190))}</h1>" for n in range(30))
    assert len(read(titles + headings + TEXT).title) == DECLARED_CHARACTERS
    assert len(read(f"<title>{'_' * 1_900_000}</title>{TEXT}").title) <= DECLARED_CHARACTERS
    assert read("<h1>x" * 30 + WORDS + "</h1>" * 30 + TEXT).title == ""


LONG_URL = "https://a.test/x" + "/" * 60_000 + "y.html"


def test_the_key_of_an_address_too_long_is_itself() -> None:
    """And no cache keeps it: 120,000 slashes took 4.1 s, and 50 addresses of 1.9 MB stayed for 580 MB."""
    before = urls._key_of.cache_info().currsize
    assert dedupe.canonical_url(f" {LONG_URL} ") == LONG_URL
    assert dedupe.article_url("http://www.a.test/1", LONG_URL) == "https://a.test/1"
    assert dedupe.host_of(LONG_URL) == "a.test"
    assert urls._key_of.cache_info().currsize <= before + 1


@pytest.mark.parametrize(
    ("head", "ending"),
    [("", Ending.UNREADABLE), ("<link rel=canonical href='https://www.a.test/1.html'>", Ending.STORED)],
)
def test_a_page_at_an_address_too_long_ends_in_one_visit(head: str, ending: Ending, tmp_path: Path) -> None:
    """It is held under the address that it declares, or under none."""
    topic = topic_of(("feed", "http://a.test/feed"))
    page = Page(url=LONG_URL, body=article("MiMo", more=head).encode(), fetched_at=NOW)
    with Corpus(tmp_path / "c.db", create=True) as corpus:
        visit = append(corpus, topic, prepare(topic, page), corpus.start_run("person", NOW))
        assert visit.ending is ending
        assert corpus.value("SELECT count(*) FROM visits") == 1
        assert corpus.value("SELECT max(url) FROM articles") == ("https://a.test/1.html" if head else None)


def test_names_of_any_length_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is remembered by a class or an id is short: 40 pages of one of 1.9 MB kept 197 MB."""
    asked: list[str] = []
    for module, name in ((blocks, "hint"), (paywall, "is_paywall"), (lines, "_is_caption")):
        monkeypatch.setattr(module, name, partial(_noted, asked, getattr(module, name)))
    long = "related " + "photo" * 300_000
    read(f"<h1>The committee decided</h1>{TEXT}<div class='{long}'>{TEXT}<p>Short.</div><p id='{long}'>{TEXT}")
    assert max(map(len, asked)) == limits.CLASS_NAME_CHARACTERS


def _noted(asked: list[str], function: Callable[[str], object], name: str) -> object:
    """Return what a function says of a name, noted."""
    asked.append(name)
    return function(name)


def test_the_name_of_an_element_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for each of the lines in it, when a wall is looked for."""
    asked: list[str] = []
    monkeypatch.setattr(paywall, "is_paywall", partial(_noted, asked, class_names.is_paywall))
    read(f"<h1>The committee decided</h1>{TEXT}<div class='related x{'y' * 1000}'>" + "<p>Short, it is." * 5000)
    assert len(asked) == 1


def test_python_is_asked_for_no_charset_it_does_not_have() -> None:
    """It never forgets one: of 200 pages that name 280 each 51,282 stayed."""
    before = dict(encodings._cache)
    named = b"".join(b"charset=q%dx " % n for n in range(280)) + b"charset=iso----8859--%d " % 2
    for said in ("q" + "z" * 60_000, "q.x", "koi8--r--"):
        text, codec = charset.decode(named + b"\xb1" * 3000, {"content-type": f"text/html; charset={said}"})
        assert (text[-1], codec) == (("╠", "koi8-r") if said[0] == "k" else ("ą", "iso8859-2"))
    assert set(encodings._cache) - set(before) <= {"iso_8859_2", "iso8859_2", "koi8_r"}


def test_few_charsets_of_a_page_are_tried() -> None:
    """Each is a reading of the whole page, and all are kept until one is without private characters."""
    many = list(dict.fromkeys(name for name in aliases.values() if name.startswith("cp")))
    tried = charset._declared(b" charset=".join(name.encode() for name in ("x", *many)), {})
    assert len(set(tried)) > 20
    body = b" charset=".join(name.encode() for name in ("x", *many, "iso8859-2")) + b"\xb1" * 3000
    assert charset.decode(body, {})[1] in many[:5]


@pytest.mark.parametrize("name", ["KOI8-U", "windows-1251", "latin-1", "x-mac-roman", "cp874", "EUC_JP", "iso-8859-15"])
def test_a_charset_goes_by_the_names_that_python_knows(name: str) -> None:
    """Whatever its case and marks; and by no other."""
    known = "mac" not in name
    assert (charset._codec(name) is not None) == known
    assert charset._codec(f"x{name}") is None


def test_a_page_of_broken_terms_is_not_read_on_at_each_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """2 MiB of them took 14.5 s: what has too many passes the gate, and is judged."""
    reads = 0

    def unescape(text: str) -> str:
        nonlocal reads
        reads += 1
        return text

    monkeypatch.setattr(importlib.import_module("crawler.relevance.gate"), "_unescape", unescape)
    topic = topic_of(("feed", "http://a.test/feed"))
    assert not relevance.gate(topic, b"Mi<b>&lt&lt</b>" * 1000)
    assert reads == 1000
    assert relevance.gate(topic, b"Mi<b>&lt&lt</b>" * 100_000)
    assert reads == 1000


@pytest.mark.parametrize("tag", ["var", "b", "a", "div"])
def test_text_at_a_great_depth_is_read_only_so_far(tag: str) -> None:
    """Whatever elements make it: each line is counted for all above it, 1,900 times for 18,000 paragraphs in var."""
    page = parse("<body>" + f"<{tag}>" * 1900 + "<p>Some words, that are prose.</p>" * 18_000)
    depth = len(list(next(page.root.iter("p")).iterancestors(tag)))
    read, _ = blocks.blocks_of(page.body)
    assert len(read) * depth <= limits.TREE_WORK + 2 * depth


STRINGS = {
    "one string": 'text: "' + "Some words, that are prose. " * 60_000 + '"',
    "a string of escapes": 'text: "' + "Some words, that are prose. " * 20 + "\\n" * 900_000 + '"',
    "no string": "a" * 1_900_000,
    "open strings": 'text: "' + "x" * 35 + ' text: "' * 200_000,
}


@pytest.mark.parametrize("name", STRINGS)
def test_a_script_is_read_once(name: str) -> None:
    """One string of 1.9 MB took 315 MB, and a script of as many letters 2 s: forty were tried at each."""
    tracemalloc.start()
    try:
        key, text = script_state._prose(STRINGS[name])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (key, text[:10]) == (("", "") if name in {"no string", "open strings"} else ("text", "Some words"))
    assert peak < 20 * len(STRINGS[name])


def test_a_key_of_any_length_is_read_by_its_end() -> None:
    """A word of 50 letters, a number before it, another script: the key is what a name can be."""
    prose = "Some words, that are prose. " * 20
    for word, key in (("1text", "text"), ("中text", "text"), ("x" * 50, "x" * 41), ("9" * 30 + "a" * 20, "a" * 20)):
        assert script_state._prose(f'{word} : "{prose}"')[0] == key


def test_links_inside_one_another_do_not_repeat_the_page() -> None:
    """Each holds the text of all inside it, and is asked for it: 500 of them took 12 s in a page of 2 MB."""
    nested = "<b><a href=/news/1_2.html>" * 600 + "next page, " * 170_000
    page = Page(
        url="https://a.test/news/1.html", body=f"{nested}<a rel=next href=1_2.html>2</a>".encode(), fetched_at=NOW
    )
    assert next_page(page) == "https://a.test/news/1_2.html"
    alone = Page(url=page.url, body=f"{nested}</a>".encode(), fetched_at=NOW)
    assert next_page(alone) is None


def test_what_is_around_a_date_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not anew for each of 18,000 elements that stand 1,900 deep: what is known of one serves the next."""
    memos: list[dict[Any, bool]] = []

    def under(element: Any, tops: set[Any], memo: dict[Any, bool]) -> bool:
        if all(memo is not each for each in memos):
            memos.append(memo)
        return blocks.under(element, tops, memo)

    monkeypatch.setattr(published, "under", under)
    page = "<div>" * 1900 + "<h1>The committee decided</h1>" + "<time>2021-05-03</time>" * 2000 + TEXT
    assert read(page).published_at is not None
    assert 1 < len(memos) < 5
