from __future__ import annotations

import asyncio
import http.client
import shutil
import socket
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.browse import build, drawing
from crawler.browse.datasette_metadata import TABLES, columns, questions
from crawler.errors import CorpusMissing
from crawler.report.terminal import DEEPEST
from crawler.text.diff import STEPS
from tests.corpus.test_views import QUERIES
from tests.support.corpus_rows import START, Rows
from tests.support.work import steps

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytest.importorskip("datasette", reason="the extra `browse` is not installed")
import httpx
from datasette.utils.asgi import Response

from crawler.browse.access import guarded
from crawler.limits import EDITS_PER_PAGE

EVIL = "<script>alert(1)</script>\"'&"
DAY = timedelta(days=1)


@pytest.fixture
def rows(tmp_path: Path) -> Iterator[Rows]:
    """Give a corpus with a story of an original, a copy and an edit, and an article whose every word is hostile."""
    made = Rows(tmp_path / "news.db")
    made.source("a", "甲报", health="frozen", health_why="no new item for 9 days")
    made.article(
        "小米发布模型", "第一段。\n总参数3090亿，罗福莉说。\n第三段。", outlet="甲报", story=1, published=START,
        source="a", terms=[{"term": "罗福莉", "role": "strong", "field": "body", "start": 14, "end": 17}],
    )  # fmt: skip
    made.article("小米發佈模型", "總參數3090億。", outlet="乙報", story=1, copies=1, published=START + DAY)
    made.revise(1, "小米发布模型", "第一段。\n总参数309亿，罗福莉说。\n第三段。")
    made.article(
        EVIL, EVIL * 3, outlet=EVIL, lang=EVIL, url="javascript:alert(1)//x/", story=2, published=START, credited=EVIL,
    )  # fmt: skip
    made.revise(3, EVIL + "改", EVIL * 2 + "改")
    yield made
    made.corpus.close()


def get(rows: Rows, *paths: str) -> list[Any]:
    """Return the responses to these paths."""

    async def ask() -> list[Any]:
        made = build(rows.corpus.path)
        return [await made.client.get(path) for path in paths]

    return asyncio.run(ask())


@contextmanager
def serving(rows: Rows) -> Iterator[int]:
    """Serve a corpus as `houxu browse` does, in a process of its own; gives the port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = "import sys; from crawler.browse import serve; serve(sys.argv[1], int(sys.argv[2]))"
    server = subprocess.Popen([sys.executable, "-c", program, str(rows.corpus.path), str(port)])
    try:
        _wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait()


def test_the_front_page_shows_what_a_person_wants_first(rows: Rows) -> None:
    """The chart, the stories with who was first, the edits with their words, the sources that need attention."""
    (page,) = get(rows, "/")
    assert page.status_code == 200
    assert "<title>2026-03-01: 2 articles, 2 voices</title>" in page.text
    assert '<a href="/story/1">小米发布模型</a>' in page.text
    assert "First: <b>甲报</b>" in page.text
    assert "<del>3090亿</del>" in page.text
    assert "<ins>309亿</ins>" in page.text
    assert "frozen: no new item for 9 days" in page.text


def test_the_search_page_takes_any_day(rows: Rows) -> None:
    """The first and the last that a calendar has are no bound."""
    for page in get(rows, "/search?q=小米", "/search?q=小米&since=0001-01-01&until=9999-12-31"):
        assert page.status_code == 200
        assert "<mark>小米" in page.text
    (none,) = get(rows, "/search?q=小米&since=9999-12-31&until=0001-01-01")
    assert none.status_code == 200
    assert "<mark>小米" not in none.text


def test_the_search_page_takes_any_language(rows: Rows) -> None:
    """A tag takes its own kind; a sign of LIKE is none, and 60,000 letters were a 500."""
    rows.article("小米另有一说", "第一段。", lang="zh-TW", published=START)
    for lang, found in (("zh", 3), ("zh-TW", 1), ("%", 0), ("z_", 0), ("a" * 50_000, 0)):
        (page,) = get(rows, f"/search?q=小米&lang={quote(lang)}")
        assert page.status_code == 200
        assert page.text.count('<article class="card"') == found


@pytest.mark.parametrize("typed", ["小米", "罗福莉", "羅福莉", "“小米发布模型”", '"', "小米 NOT 汽车", "*", ""])
def test_the_search_page_takes_anything(rows: Rows, typed: str) -> None:
    """Whatever is typed is answered; what is found is marked."""
    made = get(rows, f"/search?q={quote(typed)}&since=x&until=2027-01-01")
    assert made[0].status_code == 200
    if "小米" in typed:
        assert "<mark>小米" in made[0].text


def test_a_story_is_a_tree(rows: Rows) -> None:
    """The copy hangs beneath its original, with its kind and score; the traditional text says that it is one."""
    (page,) = get(rows, "/story/1")
    original, copy = page.text.index("小米发布模型</a>"), page.text.index("小米發佈模型</a>")
    assert original < page.text.index('<li class="copy">') < copy
    assert "reprint 0.97" in page.text
    assert 'lang="zh-Hant">小米發佈模型' in page.text
    assert "edited" in page.text


def test_a_story_of_copies_of_copies_is_shown(rows: Rows) -> None:
    """A text told anew four hundred times, each time from the last, is a tree of twelve levels that holds them all."""
    last = 1
    for number in range(400):
        last = rows.article(f"小米发布模型{number}", f"第{number}段。", story=1, copies=last)
    (page,) = get(rows, "/story/1")
    assert page.status_code == 200
    assert page.text.count('<ol class="tree">') == DEEPEST + 1
    assert page.text.count('<li class="copy">') == 401
    assert page.text.index("小米发布模型7<") < page.text.index("小米发布模型398<") < page.text.index("小米发布模型399<")


def test_an_article_shows_its_last_edits(rows: Rows) -> None:
    """A page that is edited without end shows the newest, and how many more there are."""
    for number in range(EDITS_PER_PAGE + 5):
        rows.revise(1, "小米发布模型", f"总参数{number}亿。")
    (page,) = get(rows, "/article/1")
    assert page.text.count('<section class="edit"') == EDITS_PER_PAGE
    assert f"Edit {EDITS_PER_PAGE + 6}," in page.text
    assert "6 earlier edits" in page.text


def test_an_article_shows_its_revisions_side_by_side(rows: Rows) -> None:
    """The words that changed are marked on either side, the deciding term in the text, what copies it beside."""
    (page,) = get(rows, "/article/1")
    assert "总参数<del>3090亿</del>，罗福莉说" in page.text
    assert "总参数<ins>309亿</ins>，罗福莉说" in page.text
    assert page.text.count('<tr class="same">') == 3
    assert "小米發佈模型" in page.text
    (copy,) = get(rows, "/article/2")
    assert '<a href="/article/1" lang="zh-Hans">小米发布模型</a>' in copy.text


def claimed(rows: Rows) -> None:
    """Let both articles and the edit state a claim."""
    claim = rows.claim("Parameters", 3.09e11, said_on="2025-12-17")
    rows.claim("Silent")
    said = "总参数3090亿，罗福莉说。"
    rows.states(1, claim, said, "3090亿", 3.09e11, quoted="罗福莉")
    rows.states(2, claim, "總參數3090億。", "3090億", 3.09e11)
    rows.states(1, claim, said.replace("3090", "309"), "309亿", 3.09e10, rev=2, relation="contradicts", hedge=EVIL)


def test_the_claims_page_has_a_line_per_value(rows: Rows) -> None:
    """Each value over time, copies told from independent texts, and its quotes with the number marked."""
    claimed(rows)
    (page,) = get(rows, "/claims")
    assert page.status_code == 200
    assert "The claim: <b>309 billion</b>, said on 2025-12-17" in page.text
    assert page.text.count('<details class="value') == 2
    assert '<path class="dot own" d="M0.0 10h0"><title>2026-03-01 00:00 甲报: 3090亿</title>' in page.text
    assert '<path class="dot all" d="M100.0 10h0"><title>2026-03-02 00:00 乙報: 3090億</title>' in page.text
    assert "1 text, 1 copy; first 甲报, quoting" in page.text
    assert "总参数<mark>309亿</mark>，罗福莉说。" in page.text
    assert '<section class="claim silent" id="silent">' in page.text
    assert "<script>alert" not in page.text


def test_a_claim_that_is_told_without_end_is_a_page_that_ends(rows: Rows) -> None:
    """Of 25 values the twenty most told are drawn, of 500 sentences those at other places; links lead to the others."""
    claim = rows.claim("Parameters", 3.09e11)
    for number in range(500):
        article = rows.article("小米", "参数3090亿。另说参数1亿。", published=START + number * timedelta(hours=1))
        rows.states(article, claim, "参数3090亿。", "3090亿", 3.09e11)
        rows.states(article, claim, "另说参数1亿。", "1亿", (number % 24) * 1e8, relation="contradicts")
    (page,) = get(rows, "/claims")
    assert page.text.count('<details class="value ') == drawing.VALUES
    assert "5 more values</a>" in page.text
    assert "all 500" in page.text
    assert page.text.count("<blockquote") <= 30 * drawing.VALUES
    line = page.text[page.text.index("<details") :].partition("</summary>")[0]
    assert 200 <= line.count('class="dot own"') <= 201


def test_an_article_shows_what_it_says_of_the_claims(rows: Rows) -> None:
    """The sentences of its latest text, with how each stands to the claim."""
    claimed(rows)
    (page,) = get(rows, "/article/1")
    assert '<a href="/claims#parameters">Parameters</a> <span class="kind contradicts">contradicts</span>' in page.text
    assert "<mark>309亿</mark>" in page.text
    assert "<mark>3090亿</mark>" not in page.text


def test_without_claims_the_page_says_so(rows: Rows) -> None:
    """A topic file need not have any; a page that is gone says since when."""
    rows._insert("visits", run_id=1, lead_id=1, url="x", at="2026-03-09T00:00:00Z", ending="gone", reason="HTTP 404")
    claims, article = get(rows, "/claims", "/article/1")
    assert "The topic file names no claims" in claims.text
    assert "The page is gone since" in article.text


@pytest.mark.parametrize(
    ("value", "unit", "high", "said"),
    [
        (3.09e11, None, None, "309 billion"),
        (1.02e12, None, None, "1.02 trillion"),
        (2e11, "CNY", None, "CNY 200 billion"),
        (0.05, "ratio", None, "5%"),
        (0.734, "ratio", None, "73.4%"),
        (1, "ratio", None, "100%"),
        (3, "x", None, "3x"),
        (2, "rank", None, "rank 2"),
        (2, "month", 3, "2 to 3 month"),
        (150, "token/s", None, "150 token/s"),
        (None, None, None, ""),
    ],
)
def test_an_amount_reads_as_a_person_writes_it(
    value: float | None, unit: str | None, high: float | None, said: str
) -> None:
    """Short scale, percent, currencies by their code."""
    assert drawing.amount(value, unit, high) == said


def test_a_day_that_bursts_is_marked() -> None:
    """By the test of crawler/stories/bursts.py, on independent voices."""
    days = [{"day": f"2026-03-{day:02}", "articles": 2, "voices": 1} for day in range(1, 20)]
    burst = drawing.bars([*days, {"day": "2026-03-20", "articles": 30, "voices": 12}])
    copied = drawing.bars([*days, {"day": "2026-03-20", "articles": 30, "voices": 2}])
    assert [bar.day for bar in burst if bar.burst] == ["2026-03-20"]
    assert not any(bar.burst for bar in copied)


def test_terms_that_an_edit_moved_are_not_marked_wrongly() -> None:
    """Offsets of an older text mark a newer one only where the term still stands there."""
    hits = [{"term": "罗福莉", "field": "body", "start": 0, "end": 3}]
    assert drawing.term_spans("罗福莉说", hits, "body") == [(0, 3)]
    assert drawing.term_spans("据罗福莉", hits, "body") == []
    assert drawing.term_spans("羅福莉说", hits, "body") == [(0, 3)]


def test_everything_shown_is_escaped(rows: Rows) -> None:
    """No page lets a headline's markup through, links to javascript:, or may run what is not ours."""
    typed = "/search?q=" + quote(EVIL)
    pages = get(rows, "/", typed, "/search?q=script&outlet=%3Cscript%3E", "/story/2", "/article/3")
    for page in pages:
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert 'href="javascript:' not in page.text
        assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "&lt;script&gt;" in pages[-1].text


OWN = ("localhost", "127.0.0.1:8001", "127.8.8.8", "[::1]:8001", "LOCALHOST:80", "houxu.localhost")
OTHERS = (
    "evil.example",
    "evil.example:80",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "10.0.0.5",
    "0",
    "[",
    "",
)


def test_another_name_gets_nothing_of_a_server_on_loopback(rows: Rows) -> None:
    """A site that lets its name lead to 127.0.0.1 (DNS rebinding) reads neither our pages nor Datasette's."""
    with serving(rows) as port:
        for path in ("/", "/article/1", "/news.json?sql=select+1", "/houxu/houxu.css", "/-/versions.json"):
            for host in OTHERS:
                status, said = _ask(port, path, host)
                assert (status, "--host" in said) == (421, True), (path, host)
            for host in OWN:
                assert _ask(port, path, host)[0] == 200, (path, host)


@pytest.mark.parametrize(
    ("listens_on", "refused"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("localhost", True), ("::1", True),
     ("0.0.0.0", False), ("::", False), ("192.0.2.1", False), ("news.example.org", False)],
)  # fmt: skip
def test_what_listens_elsewhere_answers_to_any_name(listens_on: str, *, refused: bool) -> None:
    """Whoever lets others reach it has given it names; loopback is loopback however it is spelled."""
    assert _status(listens_on, host="news.example.org") == (421 if refused else 200)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("listens_on", ["127.0.0.1", "0.0.0.0"])
def test_a_page_of_another_site_asks_for_nothing_unseen(site: str, listens_on: str) -> None:
    """No image, script or frame of it is answered where a browser says that it is one; a link to us is."""
    for dest in ("image", "script", "iframe", "empty", "style", "object"):
        assert _status(listens_on, **{"sec-fetch-site": site, "sec-fetch-dest": dest}) == 403
    assert _status(listens_on, **{"sec-fetch-site": site}) == 403
    assert _status(listens_on, **{"sec-fetch-site": site, "sec-fetch-dest": "document"}) == 200
    for own in ("none", "same-origin"):
        assert _status(listens_on, **{"sec-fetch-site": own, "sec-fetch-dest": "image"}) == 200
    assert _status(listens_on) == 200


def test_one_value_of_a_query_is_bounded(rows: Rows) -> None:
    """A text of the corpus is not cut, and nothing takes hundreds of megabytes."""
    rows.revise(1, "小米发布模型", "😀" * 200_000)
    (whole,) = get(rows, "/news/revisions.json?_shape=array&article_id=1&rev=3")
    assert whole.json()[0]["body"] == "😀" * 200_000
    (huge,) = get(rows, "/news.json?sql=select+hex(zeroblob(400000000))")
    assert huge.status_code == 400
    assert "too big" in huge.text


def test_what_is_not_there_is_404(rows: Rows) -> None:
    """Unknown numbers, and numbers beyond any, are not found."""
    pages = get(rows, "/story/99", "/article/99", "/article/999999999999999999")
    assert [page.status_code for page in pages] == [404, 404, 404]


def test_every_table_and_view_opens(rows: Rows) -> None:
    """Datasette's own page of each described table, with its facets."""
    names = list(TABLES)
    for name, page in zip(names, get(rows, *(f"/news/{name}" for name in names)), strict=True):
        assert page.status_code == 200, name
        assert TABLES[name].split(":", maxsplit=1)[0][:20] in page.text, name


def test_every_table_is_described_or_hidden(rows: Rows) -> None:
    """What Datasette lists is what we describe; columns are described by the schema's own comments."""
    (database,) = get(rows, "/news.json")
    listed = {table["name"] for table in database.json()["tables"] if not table["hidden"]}
    assert listed | {view["name"] for view in database.json()["views"]} | {"articles_fts"} == set(TABLES) | {
        "articles_fts"
    }
    assert columns()["revisions"]["removed"] == "words that the revision before had"


@pytest.mark.parametrize("name", list(questions()))
def test_every_question_is_answered(rows: Rows, name: str) -> None:
    """Each of the analyst's questions runs, as a page and as JSON."""
    page, answer = get(rows, f"/news/{name}?words=小米&near=3", f"/news/{name}.json?words=小米&near=3")
    assert page.status_code == 200
    assert answer.json()["ok"] is True, answer.json()


@pytest.mark.parametrize("sql", QUERIES)
def test_documented_queries_run_as_typed(rows: Rows, sql: str) -> None:
    """One query a view, as in the shell, gives Datasette the rows that Python gets."""
    (answer,) = get(rows, f"/news.json?_shape=array&sql={quote(sql)}")
    assert len(answer.json()) == len(rows.corpus.rows(sql))


def test_nothing_can_be_written(rows: Rows) -> None:
    """Neither by SQL nor by a download of the live file."""
    pages = get(rows, "/news.json?sql=delete+from+stories", "/news.db")
    assert [page.status_code for page in pages] == [400, 403]
    assert rows.corpus.value("SELECT count(*) FROM stories") == 2


def test_a_missing_corpus_is_said(tmp_path: Path) -> None:
    """No file, no server."""
    with pytest.raises(CorpusMissing):
        build(tmp_path / "none.db")


@given(text=st.text(), spans=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40))))
def test_pieces_are_the_text(text: str, spans: list[tuple[int, int]]) -> None:
    """Marking loses and adds nothing, whatever the spans."""
    assert "".join(piece.text for piece in drawing.pieces(text, spans)) == text


@given(old=st.text("甲乙丙 3.\n", max_size=60), new=st.text("甲乙丙 3.\n", max_size=60))
def test_sides_are_the_texts(old: str, new: str) -> None:
    """Side by side, each text is all there, and equal texts have nothing marked."""
    pairs = drawing.compare(old, new)
    for text, sides in ((old, [pair.old for pair in pairs]), (new, [pair.new for pair in pairs])):
        lines = ["".join(piece.text for piece in side) for side in sides]
        assert list(filter(None, lines)) == list(filter(None, text.splitlines()))
    assert all(pair.same for pair in drawing.compare(old, old))


def test_thousands_of_lines_stand_side_by_side() -> None:
    """Two texts of which every second line is the same one take no more steps than others, and are all shown."""
    old, new = ("\n".join(["小米", mark] * 700) for mark in "甲乙")
    assert steps(lambda: drawing.compare(old, new)) <= 2 * STEPS
    assert len(drawing.compare(old, new)) == 1400


def test_a_browser_hides_what_did_not_change(rows: Rows) -> None:
    """In headless Chromium our script runs under our policy: unchanged paragraphs are hidden, changed ones are not."""
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.skip("no chromium here")
    with serving(rows) as port:
        dump = subprocess.run(
            [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
             "--disable-background-networking", "--disable-component-update", "--disable-quic",
             f"--user-data-dir={rows.corpus.path.parent / 'chromium'}", "--dump-dom", f"http://127.0.0.1:{port}/article/1"],
            capture_output=True, text=True, check=True, timeout=120,
        )  # fmt: skip
    assert dump.stdout.count('<tr class="same" hidden="">') == 3
    assert "<tr><td>总参数<del>3090亿</del>" in dump.stdout


def _wait_for(port: int) -> None:
    for _ in range(200):
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail("the server did not start within 20 s")


def _status(listens_on: str, host: str = "localhost", **headers: str) -> int:
    """Return the status of an answer of a guarded application that says yes to everything."""

    async def yes(_scope: Any, _receive: Any, send: Any) -> None:
        await Response.text("yes").asgi_send(send)

    async def ask() -> int:
        transport = httpx.ASGITransport(app=guarded(yes, listens_on))
        async with httpx.AsyncClient(transport=transport) as client:
            return (await client.get("http://localhost/", headers={"host": host, **headers})).status_code

    return asyncio.run(ask())


def _ask(port: int, path: str, host: str) -> tuple[int, str]:
    """Ask a server on loopback for a path under a name; return the status and the text."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as asked:
        asked.request("GET", path, headers={"Host": host})
        with asked.getresponse() as answer:
            return answer.status, answer.read().decode()
