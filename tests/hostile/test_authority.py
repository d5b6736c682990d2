"""Whose word counts: whatever one host sends, an article of another has only what that one served."""

from __future__ import annotations

import json
import random
import re
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any

import pytest

from crawler.corpus.store import Corpus
from crawler.model import Lead
from crawler.text.urls import owner_of
from tests.hostile.conftest import topic_of
from tests.hostile.server import article, feed, http, moved
from tests.hostile.test_others import MORNING

if TYPE_CHECKING:
    from pathlib import Path

    from crawler.model import Kind, Source
    from tests.hostile.conftest import Crawl, Left
    from tests.hostile.server import HostileWeb, Line

EVIL, VICTIM = "http://evil.test/feed", "http://victim.test/feed"
STORY = "http://victim.test/story"
TRUE, FORGED = "MiMo 的真话", "MiMo 的伪造"
FORGED_BODY = "".join(
    f"<p>{FORGED}第{number}段，别家说这是受害者的文章，足够长，也在话题之内。</p>" for number in range(8)
)
DATED = '<meta property="article:published_time" content="{}">'


def entry(
    link: str, *, title: str = FORGED, body: str = "", date: str = "Mon, 03 Mar 2003 03:03:03 GMT", who: str = FORGED
) -> str:
    """Return a feed's entry with all that an entry can say."""
    content = f"<content:encoded>{escape(body)}</content:encoded>" if body else ""
    return (
        f"<item><title>{escape(title)}</title><link>{escape(link)}</link><pubDate>{date}</pubDate>"
        f"<author>{who}</author><source url='http://x.test/'>{who}</source>{content}</item>"
    )


def says(*entries: str) -> bytes:
    """Return a feed of these entries."""
    space = 'xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    text = f'<?xml version="1.0"?><rss version="2.0" {space}><channel><title>{FORGED}</title>{"".join(entries)}'
    return http(f"{text}</channel></rss>", kind="application/rss+xml; charset=utf-8")


def rows(left: Left, host: str = "victim.test") -> list[dict[str, Any]]:
    """Return every text of a host's articles."""
    return left.corpus.rows(
        "SELECT a.url, a.outlet, a.published_at AS at, a.dated_by, r.* FROM articles a JOIN revisions r "
        "ON r.article_id = a.id WHERE a.url LIKE ? ORDER BY r.id",
        (f"%//{host}/%",),
    )


def is_forged(row: dict[str, Any]) -> bool:
    """Say whether a row has a word or date of the attacker's."""
    return any(FORGED in str(value) or str(value).startswith("2003-03") for value in row.values())


CACHES = (
    "google.evil.test/amp/s/victim.test/story",
    "www.google.com.evil.test/amp/s/victim.test/story",
    "google.test/amp/victim.test/story",
    "victim-test.cdn.ampproject.org.evil.test/c/s/victim.test/story",
    "evilcdn.ampproject.test/c/s/victim.test/story",
)


@pytest.mark.parametrize("at", CACHES)
def test_what_looks_like_a_cache_writes_no_article_of_another_host(at: str, web: HostileWeb, crawl: Crawl) -> None:
    """It is a host of its own, and the true story is fetched and unrevised."""
    web.answers[at] = http(article(FORGED))
    web.answers["victim.test/story"] = http(article(TRUE))
    web.answers["evil.test/feed"] = says(entry(f"http://{at}"))
    web.answers["victim.test/feed"] = feed([STORY])
    left = crawl(("feed", EVIL), ("feed", VICTIM))
    (row,) = rows(left)
    assert TRUE in row["title"]
    assert not is_forged(row)


PAGES = {
    "canonical": f'<link rel=canonical href="{STORY}">',
    "og": f'<meta property="og:url" content="{STORY}"><meta property="og:site_name" content="Victim">',
    "base": f'<base href="{STORY}"><link rel=canonical href="story">',
    "json-ld": f'<script type="application/ld+json">{{"@type": "NewsArticle", "url": "{STORY}"}}</script>',
    "refresh": f'<meta http-equiv=refresh content="0;url={STORY}">',
}


@pytest.mark.parametrize("how", PAGES)
def test_a_page_names_no_article_of_another_site(how: str, web: HostileWeb, crawl: Crawl) -> None:
    """What it declares counts within its own site."""
    web.answers["evil.test/page"] = http(article(FORGED, head=PAGES[how]))
    left = crawl.link("http://evil.test/page")
    assert rows(left) == []
    assert is_forged(rows(left, "evil.test")[0])


UNREADABLE: dict[str, bytes] = {
    "403": http(b"", status="403 Forbidden"),
    "401": http(b"", status="401 Unauthorized"),
    "451": http(b"", status="451 Unavailable"),
    "empty": http(b""),
    "script": http("<html><body><div id=app></div><script src=/app.js></script></body></html>"),
}


@pytest.mark.parametrize("link", [STORY, "http://evil.test/to", "http://victim.test/story.amp"])
@pytest.mark.parametrize("how", UNREADABLE)
def test_another_site_s_feed_gives_no_article(how: str, link: str, web: HostileWeb, crawl: Crawl) -> None:
    """However the page ends, and whether the feed's link is the page's or one of its own that redirects there."""
    web.answers["evil.test/to"] = moved(STORY)
    web.answers["victim.test/story"] = web.answers["victim.test/story.amp"] = UNREADABLE[how]
    web.answers["evil.test/feed"] = says(entry(link, body=FORGED_BODY))
    left = crawl(("feed", EVIL))
    assert rows(left) == []
    said = left.corpus.rows("SELECT own, title, outlet, published_at, body FROM sightings WHERE source_id = 's0'")
    assert said[0]["title"] == FORGED
    assert said[0]["published_at"] == "2003-03-03T03:03:03Z"
    if link != "http://evil.test/to":
        assert (said[0]["own"], FORGED in said[0]["body"]) == (0, True)


@pytest.mark.parametrize("link", [STORY, "http://evil.test/to"])
def test_another_site_s_feed_fills_no_gap(link: str, web: HostileWeb, crawl: Crawl) -> None:
    """A page without title, date and outlet goes without; its own feed fills them, also when it comes second."""
    web.answers["evil.test/to"] = moved(STORY)
    bare = article(TRUE).replace(f"<title>{TRUE}</title>", "").replace(f"<h1>{TRUE}</h1>", "")
    web.answers["victim.test/story"] = http(bare)
    web.answers["evil.test/feed"] = says(entry(link, body=FORGED_BODY))
    (row,) = rows(crawl(("feed", EVIL)))
    assert (row["outlet"], row["at"], row["title"], row["dated_by"]) == (None, None, "", None)


def test_the_site_s_own_feed_counts_whoever_came_first(web: HostileWeb, crawl: Crawl) -> None:
    """Its text, date and outlet are the article's where the page cannot be had."""
    web.answers["victim.test/story"] = UNREADABLE["403"]
    body = FORGED_BODY.replace(FORGED, TRUE)
    web.answers["victim.test/feed"] = says(
        entry(STORY, title=TRUE, body=body, date="Mon, 02 Mar 2026 03:03:03 GMT", who=TRUE)
    )
    web.answers["evil.test/feed"] = says(entry(STORY, body=FORGED_BODY))
    left = crawl(("feed", EVIL), ("feed", VICTIM))
    for row in rows(left):
        assert not is_forged(row)
        assert (row["at"], row["dated_by"]) == ("2026-03-02T03:03:03Z", "source")
        assert json.loads(row["evidence"])["body"] == "lead of victim.test"


def paired(*hosts: str) -> tuple[Source, ...]:
    """Return the attacker's source, with these pairings."""
    return tuple(replace(each, pairings=hosts) for each in topic_of(("feed", EVIL)).sources)


@pytest.mark.parametrize(
    ("hosts", "fills"),
    [
        ((), False),
        (("victim.test",), True),
        (("other.test",), False),
        (("x.victim.test",), False),
        (("tim.test",), False),
    ],
)
def test_a_stated_pairing_counts(hosts: tuple[str, ...], fills: bool, web: HostileWeb, crawl: Crawl) -> None:
    """A publisher with a feed elsewhere: for the host that the topic file names, and for no other."""
    web.answers["victim.test/story"] = UNREADABLE["403"]
    web.answers["evil.test/feed"] = says(entry(STORY, body=FORGED_BODY))
    assert bool(rows(crawl(("feed", EVIL), sources=paired(*hosts)))) is fills


def test_a_feed_that_another_host_answers_is_that_host_s(web: HostileWeb, crawl: Crawl) -> None:
    """Where the source's address redirects, who answered speaks."""
    web.answers["victim.test/feed"] = moved(EVIL)
    web.answers["evil.test/feed"] = says(entry(STORY, body=FORGED_BODY))
    web.answers["victim.test/story"] = UNREADABLE["403"]
    assert rows(crawl(("feed", VICTIM))) == []


def test_a_further_page_of_another_site_is_not_the_article_s(web: HostileWeb, crawl: Crawl) -> None:
    """Page two of the victim's article redirects away, as an expired host's does."""
    web.answers["victim.test/story_1.html"] = http(article(TRUE, more='<a rel=next href="story_2.html">下一页</a>'))
    web.answers["victim.test/story_2.html"] = moved("http://evil.test/story_2.html")
    web.answers["evil.test/story_2.html"] = http(article(FORGED))
    (row,) = rows(crawl.link("http://victim.test/story_1.html"))
    assert not is_forged(row)


def test_neighbours_under_a_public_suffix_are_strangers(web: HostileWeb, crawl: Crawl) -> None:
    """m.github.io is somebody's own name, not the mobile site of github.io; nor is one user's page another's."""
    connect = {"*.test": web.address, "*.github.io": web.address}
    web.answers["m.github.io/story"] = http(
        article(FORGED, head='<link rel=canonical href="http://one.github.io/story">')
    )
    web.answers["evil.test/feed"] = feed(["http://m.github.io/story"])
    left = crawl(("feed", EVIL), overrides={"HOUXU_CONNECT_TO": connect})
    assert [row["url"] for row in left.corpus.rows("SELECT url FROM articles WHERE url LIKE '%github%'")] == [
        "https://m.github.io/story"
    ]


def hang(line: Line) -> None:
    """Never answer."""
    line.hang()


DEAD: dict[str, tuple[str, Any]] = {
    "amp": ("story.amp", None),
    "amp page": ("story/amp", None),
    "session": ("story;jsessionid=9", None),
    "slash": ("story/", None),
    "query": ("story?from=x", None),
    "hangs": ("story?utm_source=hang", hang),
    "refused": ("story?ref=1", UNREADABLE["403"]),
    "script": ("story?ref=2", UNREADABLE["script"]),
    "soft 404": ("story?ref=3", http("<html><body><p>没有找到您要的页面，请从首页开始看。</p></body></html>")),
    "elsewhere": ("story?ref=4", moved("http://victim.test/another")),
    "another site": ("story?ref=5", moved("http://evil.test/trap")),
}


@pytest.mark.parametrize("order", ["foreign first", "own first", "together"])
@pytest.mark.parametrize("how", DEAD)
def test_a_dead_spelling_costs_no_live_story(how: str, order: str, web: HostileWeb, crawl: Crawl) -> None:
    """Whatever another feed's spelling of a link gives, and whoever comes first, the site's own is fetched."""
    path, answer = DEAD[how]
    if answer is not None:
        web.answers[f"victim.test/{path}"] = answer
    web.answers["victim.test/story"] = http(article(TRUE))
    web.answers["victim.test/another"] = http(article("MiMo 另一篇"))
    web.answers["evil.test/trap"] = http(article(FORGED))
    web.answers["evil.test/feed"] = feed([f"http://victim.test/{path}"])
    web.answers["victim.test/feed"] = feed([STORY])
    evil: tuple[Kind, str] = ("feed", EVIL)
    own: tuple[Kind, str] = ("feed", VICTIM)
    for sources in {
        "foreign first": ([evil], [evil, own]),
        "own first": ([own], [evil, own]),
        "together": ([evil, own],),
    }[order]:
        left = crawl(*sources)
    left = crawl(evil, own)
    assert [row["title"] for row in rows(left) if row["url"].endswith("/story")] == [TRUE]


def test_spellings_of_other_feeds_are_tried_too(web: HostileWeb, crawl: Crawl) -> None:
    """Where the site itself shows none: each that was seen, in one run."""
    web.answers["victim.test/story?from=c"] = http(article(TRUE))
    sources: list[tuple[Kind, str]] = []
    for name in "abc":
        web.answers[f"{name}.test/feed"] = feed([f"http://victim.test/story?from={name}"])
        sources.append(("feed", f"http://{name}.test/feed"))
    assert len(rows(crawl(*sources))) == 1
    assert sum("victim.test" in path for path in web.paths) <= 3


def test_spellings_are_bounded(web: HostileWeb, crawl: Crawl) -> None:
    """A feed with a thousand spellings of a dead link costs its host a few requests, and not the own one's place."""
    web.answers["evil.test/feed"] = feed([f"http://victim.test/story?from={number}" for number in range(300)])
    crawl(("feed", EVIL))
    crawl(("feed", EVIL))
    assert sum("victim.test" in path for path in web.paths) <= 4
    web.answers["victim.test/feed"] = feed([STORY])
    web.answers["victim.test/story"] = http(article(TRUE))
    assert len(rows(crawl(("feed", EVIL), ("feed", VICTIM)))) == 1


def _body(host: str) -> str:
    return article(f"MiMo {host} 说的").replace("说的是", f"{host} 说的是")


def _forged(dice: random.Random, evil: str, victim: str) -> str:
    """Return a page of the attacker's that claims to be the victim's, by some of the ways there are."""
    url = f"http://{victim}/story"
    ways = [
        f'<link rel=canonical href="{url}">',
        f'<link rel=amphtml href="{url}">',
        f'<meta property="og:url" content="{url}">',
        f'<meta property="og:site_name" content="MiMo {evil}">',
        f'<base href="{url}">',
        f'<meta name=author content="{evil}">',
        DATED.format("2003-03-03T03:03:03Z"),
        f'<script type="application/ld+json">{json.dumps({"@type": "NewsArticle", "url": url})}</script>',
    ]
    return _body(evil).replace("<title>", "".join(dice.sample(ways, dice.randint(1, len(ways)))) + "<title>")


def _attack(dice: random.Random, evil: str, victim: str, answers: dict[str, Any]) -> str:
    """Return the link of an entry in the attacker's feed, and lay what it leads to."""
    story = f"http://{victim}/story"
    spelt = ["", "/", ".amp", "/amp", ";jsessionid=1", "?from=x", "?utm_source=1", "#x"]
    caches = [f"google.{evil}/amp/s", f"www.google.com.{evil}/amp/s", f"x.cdn.ampproject.org.{evil}/c/s"]
    kind = dice.choice(["story", "spelling", "redirect", "page", "cache", "odd", "paged"])
    if kind == "story":
        return story
    if kind == "spelling":
        return story + dice.choice(spelt)
    if kind == "redirect":
        path = f"{evil}/r{dice.random()}"
        answers[path] = moved(story, status=dice.choice(["301 M", "302 F", "307 T", "308 P"]))
        return f"http://{path}"
    if kind == "page":
        answers[f"{evil}/story"] = http(_forged(dice, evil, victim))
        return f"http://{evil}/story"
    if kind == "cache":
        path = f"{dice.choice(caches)}/{victim}/story"
        answers[path] = http(_forged(dice, evil, victim))
        return f"http://{path}"
    if kind == "paged":
        answers[f"{evil}/s_1.html"] = http(
            _forged(dice, evil, victim).replace("</body>", "<a rel=next href=s_2.html>下一页</a>")
        )
        answers[f"{evil}/s_2.html"] = moved(story)
        return f"http://{evil}/s_1.html"
    odd = [f"http://{victim}@{evil}/story", f"http://{evil}/http://{victim}/story", f"http://{victim}.{evil}/story"]
    link = dice.choice(odd)
    answers[link.rpartition("@")[2].removeprefix("http://")] = http(_forged(dice, evil, victim))
    return link


def _victim(dice: random.Random, victim: str, answers: dict[str, Any]) -> None:
    """Lay what the victim serves: its page, whole or bare or not to be had, and perhaps a feed."""
    page = _body(victim)
    bare = page.replace("<title>", "<x>").replace("h1>", "i>")
    kinds = [http(page), http(page.replace("<title>", DATED.format("2026-03-02T01:00:00Z") + "<title>")), http(bare)]
    kinds += [*UNREADABLE.values(), moved(f"http://{victim}/final"), http(b"", status="404 Not Found")]
    answers[f"{victim}/story"], answers[f"{victim}/final"] = dice.choice(kinds), http(page)
    words = {"title": f"MiMo {victim}", "body": _body(victim), "date": "Mon, 02 Mar 2026 03:03:03 GMT"}
    own = says(entry(f"http://{victim}/story", who=f"MiMo {victim}", **words))
    answers[f"{victim}/feed"] = dice.choice([own, http(b"", status="404 Not Found")])


@pytest.mark.parametrize("batch", range(10))
def test_no_host_speaks_for_another(batch: int, web: HostileWeb, crawl: Crawl) -> None:
    """Of 500 pairs of hosts, whatever one sends: no row of the other has a word, date, outlet or author of it."""
    dice = random.Random(batch)
    sources: list[tuple[Kind, str]] = []
    for number in range(50):
        evil, victim = f"e{number}x.test", f"v{number}x.test"
        _victim(dice, victim, web.answers)
        entries = []
        for _ in range(dice.randint(1, 4)):
            words = {"title": f"MiMo {evil}", "body": dice.choice(["", _body(evil)])}
            entries.append(entry(_attack(dice, evil, victim, web.answers), who=f"MiMo {evil}", **words))
        web.answers[f"{evil}/feed"] = says(*entries)
        feeds: list[tuple[Kind, str]] = [("feed", f"http://{host}/feed") for host in (evil, victim)]
        sources += dice.sample(feeds, 2)
    topic = topic_of(*sources)
    named = tuple(replace(each, outlet=f"MiMo {each.url.split('/')[2]}") for each in topic.sources)
    left = crawl(*sources, sources=named, good=False)
    assert left.corpus.value("SELECT count(*) FROM articles") > 50
    for row in left.corpus.rows(
        "SELECT a.url, a.outlet, a.published_at AS at, r.title, r.body, r.authors, r.credited_source, r.published_at "
        "FROM articles a JOIN revisions r ON r.article_id = a.id"
    ):
        host = ".".join(owner_of(row.pop("url")).split(".")[-2:])
        said = json.dumps(row, ensure_ascii=False)
        assert {*re.findall(r"[ev]\d+x\.test", said)} <= {host}, host
        assert host.startswith("e") or "2003-03" not in said, host


def test_a_lead_shown_as_no_page_is_visited_when_its_site_shows_it(tmp_path: Path) -> None:
    """Nothing but a title came first, by a source that has no page of it."""
    topic = topic_of(("feed", EVIL), ("feed", VICTIM))
    with Corpus(tmp_path / "c.db", create=True) as corpus:
        corpus.claim_topic(topic.id, None)
        corpus.sync_sources(topic, MORNING, lambda _source, now: now)
        run = corpus.start_run("person", MORNING)
        with corpus.transaction():
            for source, visitable in (("s0", False), ("s1", True)):
                lead = Lead(url=STORY, visitable=visitable, speaker=f"http://{source}.test/")
                corpus.add_lead(run, source, "https://victim.test/story", lead, MORNING)
        assert corpus.due_hosts(MORNING) == ["victim.test"]
