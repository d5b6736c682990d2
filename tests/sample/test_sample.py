"""The sample web is what it says: its pages, its manners, its two rounds, and the truth about it."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import threading
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

import pytest
from lxml import etree, html

from crawler.dedupe.sketch import sketch
from crawler.sample import newsroom
from crawler.sample.demo import sample_topic
from crawler.sample.render import MARK
from crawler.sample.server import SampleWeb
from crawler.text.folding import bare
from crawler.topic import reader as topics

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from crawler.sample.newsroom import Newsroom, SamplePage

CODECS = {"gb2312": "gb18030", "gbk": "gbk", "utf-8": "utf-8"}


class Answer(NamedTuple):
    """What the web said."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@pytest.fixture(scope="module")
def served() -> Iterator[SampleWeb]:
    """Serve one sample web for the whole module."""
    with SampleWeb() as web:
        yield web


@pytest.fixture
def sample(served: SampleWeb) -> SampleWeb:
    """Return the sample web as it was when it started."""
    served.reset()
    return served


@pytest.fixture(scope="module")
def news() -> Newsroom:
    """Return the newsroom."""
    return newsroom.load()


def get(web: SampleWeb, url: str, headers: Mapping[str, str] | None = None) -> Answer:
    """Ask the web for a URL, as if its host were there."""
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    with closing(http.client.HTTPConnection("127.0.0.1", web.port, timeout=10)) as connection:
        connection.request("GET", path, headers={"Host": parts.netloc, **(headers or {})})
        answer = connection.getresponse()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())


def held(answer: Answer) -> dict[str, str]:
    """Return the headers that ask for an answer only if it changed."""
    names = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
    return {names[name]: answer.headers[name] for name in names if name in answer.headers}


def words(root: etree._Element) -> str:
    """Return all the text of a document."""
    return "".join(str(text) for text in root.itertext())


def listed(news: Newsroom, form: str) -> str:
    """Return the URL of the listing of a form."""
    return next(listing.url for listing in news.listings.values() if listing.form == form)


def readable(news: Newsroom) -> list[SamplePage]:
    """Return the pages that answer 200 in the first round."""
    return [page for page in news.pages.values() if page.status == 200 and page.seen == 1 and not page.busy]


def test_it_is_large_and_in_three_scripts(news: Newsroom) -> None:
    """Forty pages and more, on twelve hosts and more, in simplified and traditional Chinese and in English."""
    pages = [page for page in news.pages.values() if page.status == 200]
    assert len(pages) >= 40
    assert len({page.outlet for page in pages}) >= 12
    languages = Counter(page.lang for page in pages)
    assert set(languages) == {"zh-Hans", "zh-Hant", "en"}
    assert min(languages.values()) >= 8


def test_every_document_is_marked_as_invented(sample: SampleWeb, news: Newsroom) -> None:
    """The mark stands in every page and in every listing, readable in the document's own charset."""
    for page in readable(news):
        codec = CODECS[news.outlets[page.outlet].charset]
        assert get(sample, page.url).body.decode(codec).count(MARK) >= 2, page.url
    for listing in news.listings.values():
        body = get(sample, listing.url).body
        body = gzip.decompress(body) if listing.form.endswith("-gz") else body
        assert MARK in body.decode(CODECS[listing.charset]), listing.id


def test_pages_decode_and_hold_their_text(sample: SampleWeb, news: Newsroom) -> None:
    """Every page decodes as its outlet declares and holds its title and each of its paragraphs whole."""
    for page in readable(news):
        body = get(sample, page.url).body.decode(CODECS[news.outlets[page.outlet].charset])
        seen = bare(words(html.fromstring(body)))
        assert bare(page.title) in seen, page.url
        assert all(bare(paragraph) in seen for paragraph in page.paragraphs), page.url
        assert bare(page.first) in seen
        assert bare(page.last) in seen


def test_gb2312_holds_more_than_it_declares(sample: SampleWeb, news: Newsroom) -> None:
    """The feed and the pages that declare gb2312 cannot be read as gb2312, only as GB18030."""
    feed = get(sample, news.listings["wanxiang-feed"].url)
    assert "charset=gb2312" in feed.headers["content-type"]
    with pytest.raises(UnicodeDecodeError):
        feed.body.decode("gb2312")
    assert "方喆" in feed.body.decode("gb18030")


def test_furniture_stands_outside_the_text(news: Newsroom) -> None:
    """What an outlet puts round its pages is in none of its texts: a body that holds it was cut wrongly."""
    for page in news.pages.values():
        text = " ".join((page.title, *page.paragraphs))
        assert not [words for words in news.outlets[page.outlet].foreign if words in text], page.url


def test_the_topic_polls_what_is_served(news: Newsroom) -> None:
    """Every source of topic.toml is a listing that is served, but for the host that is down."""
    sources = {source.url for source in sample_topic().sources}
    urls = {listing.url for listing in news.listings.values()}
    assert {url for url in sources - urls if "://down.test/" not in url} == set()
    parts = {listing.url for listing in news.listings.values() if listing.id == "chenhui-news"}
    assert urls - sources == parts


def test_every_page_is_shown(news: Newsroom) -> None:
    """No page stands unlisted, and every listing named exists."""
    shown = {page.url for name in news.listings for _, page in news.shown(name, 2)}
    assert shown == set(news.pages)
    named = {name for page in news.pages.values() for name in (*page.shown_by, *page.links)}
    assert named <= set(news.listings)


@pytest.mark.parametrize("form", ["rss2", "rss1", "atom", "sitemap", "sitemap-index", "search"])
def test_xml_listings_are_well_formed(sample: SampleWeb, news: Newsroom, form: str) -> None:
    """Feeds, sitemaps and the search answer parse as XML once their charset is settled."""
    for listing in news.listings.values():
        if listing.form == form:
            text = get(sample, listing.url).body.decode(CODECS[listing.charset])
            declared = f'encoding="{listing.charset}"'
            assert len(etree.fromstring(text.replace(declared, 'encoding="utf-8"').encode())) > 0


def test_the_other_listings_read(sample: SampleWeb, news: Newsroom) -> None:
    """The JSON feed is JSON Feed 1.1, the packed news sitemap unpacks, the list pages hold their rules' items."""
    feed = json.loads(get(sample, listed(news, "json")).body)
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert len(feed["items"]) == len(news.shown("harbourwire-json", 1))
    packed = etree.fromstring(gzip.decompress(get(sample, listed(news, "news-sitemap-gz")).body))
    assert len(packed) == len(news.shown("chenhui-news", 1))
    for source in sample_topic().sources:
        if source.kind == "listing":
            page = html.fromstring(get(sample, source.url).body.decode())
            name = next(listing.id for listing in news.listings.values() if listing.url == source.url)
            assert len(page.cssselect(source.rules["item"])) == len(news.shown(name, 1))
            assert len(page.cssselect(f"{source.rules['item']} {source.rules['date']}")) == len(news.shown(name, 1))


def test_a_feed_has_one_broken_entry(sample: SampleWeb, news: Newsroom) -> None:
    """One entry links to javascript:, in the middle, and costs none of the others."""
    text = get(sample, news.listings["wanxiang-feed"].url).body.decode("gb18030")
    root = etree.fromstring(text.replace('encoding="gb2312"', 'encoding="utf-8"').encode())
    links = [link.text for link in root.iterfind(".//item/link")]
    assert [links.index(link) for link in links if link and link.startswith("javascript:")] == [1]
    assert len(links) == len(news.shown("wanxiang-feed", 1)) + 1


def test_relative_dates(sample: SampleWeb, news: Newsroom) -> None:
    """The newest flash says 3分钟前 in the list and on its page, and nowhere an absolute date."""
    assert "3分钟前" in get(sample, news.listings["kuaixun-list"].url).body.decode()
    newest = next(page for page in news.pages.values() if page.ago == 3)
    assert newest.published is None
    body = get(sample, newest.url).body.decode()
    assert "3分钟前" in body
    assert "2026-" not in body.partition('class="more"')[0]


def test_search_links_change_and_unwrap(sample: SampleWeb, news: Newsroom) -> None:
    """The search wraps links in others whose number changes with every request, and sends no validators."""
    first, second = (get(sample, listed(news, "search")) for _ in range(2))
    assert first.body != second.body
    assert held(first) == {}
    wrapped = [
        unquote(str(link.text).partition("&url=")[2].partition("&")[0])
        for link in etree.fromstring(first.body).iterfind(".//item/link")
    ]
    assert wrapped == [link for link, _ in news.shown("sou-search", 1)]


def test_unchanged_answers_304(sample: SampleWeb, news: Newsroom) -> None:
    """Feeds and pages answer 304 to their own validators, with no body; those without validators answer again."""
    asked = [*((page.url, news.outlets[page.outlet].validators) for page in readable(news))]
    asked += [(listing.url, listing.validators) for listing in news.listings.values() if listing.form != "search"]
    statuses: Counter[int] = Counter()
    for url, validators in asked:
        again = get(sample, url, held(get(sample, url)))
        assert again.status == (304 if validators else 200), url
        assert bool(again.body) == (again.status == 200)
        statuses[again.status] += 1
    assert statuses[304] > 50
    assert statuses[200] > 0


def test_validators_are_used_alone_too(sample: SampleWeb, news: Newsroom) -> None:
    """A date alone suffices where dates are sent; a wrong tag beats a right date."""
    url = news.listings["xinsheng-feed"].url
    first = get(sample, url)
    assert get(sample, url, {"If-Modified-Since": first.headers["last-modified"]}).status == 304
    wrong = {"If-None-Match": '"other"', "If-Modified-Since": first.headers["last-modified"]}
    assert get(sample, url, wrong).status == 200


def test_busy_once(sample: SampleWeb, news: Newsroom) -> None:
    """One page answers 429 with Retry-After to its first request and 200 afterwards; `reset` makes it busy again."""
    (busy,) = [page for page in news.pages.values() if page.busy]
    first, second = get(sample, busy.url), get(sample, busy.url)
    assert (first.status, first.headers["retry-after"], second.status) == (429, "1", 200)
    sample.reset()
    assert get(sample, busy.url).status == 429


def test_moved_gone_and_unknown(sample: SampleWeb, news: Newsroom) -> None:
    """A moved page answers 301 with where it is, lost ones 404 and 410, a path or host nobody knows 404."""
    moved = {alias.url: page for page in news.pages.values() for alias in page.aliases if alias.how == "moved"}
    assert moved
    for url, page in moved.items():
        answer = get(sample, url)
        assert (answer.status, answer.headers["location"]) == (301, page.url)
    assert {get(sample, page.url).status for page in news.pages.values() if page.status != 200} == {404, 410}
    assert get(sample, "http://xinsheng.test/nothing/here").status == 404
    assert get(sample, "http://nobody.test/").status == 404


def test_one_article_under_several_urls(sample: SampleWeb, news: Newsroom) -> None:
    """www, an unknown query and the aliases give the same text, and name one canonical URL."""
    page = news.pages["http://harbourwire.test/2025/12/17/xiaomi-mimo-v2-flash"]
    variants = [page.url, page.url.replace("://", "://www."), f"{page.url}?utm_source=x"]
    assert len({get(sample, url).body for url in variants}) == 1
    aliases = [(alias.url, page) for page in news.pages.values() for alias in page.aliases if alias.how != "moved"]
    assert {urlsplit(url).netloc.partition(".")[0] for url, _ in aliases} >= {"m", "dahao"}
    for url, page in aliases:
        body = html.fromstring(get(sample, url).body.decode())
        assert [link.get("href") for link in body.cssselect("link[rel=canonical]")] == [page.url]
        assert bare(page.last) in bare(words(body))


def test_robots(sample: SampleWeb, news: Newsroom) -> None:
    """One host forbids a section, one everything, one has no robots.txt; each has a page that ends blocked for it."""
    assert b"Disallow: /vip/\n" in get(sample, "http://caijian.test/robots.txt").body
    assert get(sample, "http://guanbi.test/robots.txt").body.strip() == b"User-agent: *\nDisallow: /"
    assert get(sample, "http://qiqu.test/robots.txt").status == 404
    blocked = {page.outlet for page in news.pages.values() if page.endings == ("blocked",)}
    assert blocked == {"caijian", "guanbi"}


def test_a_host_is_down(sample: SampleWeb) -> None:
    """The address that stands for down.test refuses every connection."""
    host, _, port = sample.connect_to["down.test"].partition(":")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=5)
    assert sample.connect_to["*.test"] == f"127.0.0.1:{sample.port}"


def test_the_second_round(sample: SampleWeb, news: Newsroom) -> None:
    """In round 2 listings grow, one article is edited by one number, one page is gone, and all else is as it was."""
    later = [page for page in news.pages.values() if page.seen == 2]
    assert len(later) >= 3
    assert {get(sample, page.url).status for page in later} == {404}
    (edited,) = [page for page in news.pages.values() if page.edit]
    (lost,) = [page for page in news.pages.values() if page.vanishes]
    before = {page.url: get(sample, page.url) for page in readable(news)}
    feed = get(sample, news.listings["haigang-feed"].url)

    sample.round = 2

    assert {get(sample, page.url).status for page in later} == {200}
    assert get(sample, lost.url).status == 410
    changed = {url for url, answer in before.items() if get(sample, url, held(answer)).body} - {lost.url}
    without = {page.url for page in readable(news) if not news.outlets[page.outlet].validators}
    assert changed - without == {edited.url}
    ((old, new),) = edited.edit
    after = get(sample, edited.url).body.decode()
    assert old in before[edited.url].body.decode()
    assert old not in after
    assert new in after
    grown = get(sample, news.listings["haigang-feed"].url, held(feed))
    assert grown.status == 200
    assert len(grown.body) > len(feed.body)


def test_there_is_no_third_round(sample: SampleWeb) -> None:
    """A round the web does not have is refused."""
    with pytest.raises(ValueError, match="rounds 1 and 2"):
        sample.round = 3


def test_the_log(sample: SampleWeb) -> None:
    """Every request is logged with its host, path and status, in order; `reset` empties the log."""
    get(sample, "http://xinsheng.test/robots.txt")
    get(sample, "http://www.xinsheng.test/nothing?x=1")
    assert sample.requests == [("xinsheng.test", "/robots.txt", 200), ("www.xinsheng.test", "/nothing?x=1", 404)]
    sample.reset()
    assert sample.requests == []


def test_it_ends() -> None:
    """Leaving the block ends its thread and frees its port."""
    threads = set(threading.enumerate())
    with SampleWeb() as web:
        port = web.port
        assert get(web, "http://xinsheng.test/robots.txt").status == 200
    assert not [thread for thread in threading.enumerate() if thread not in threads and not thread.daemon]
    assert "sample-web" not in {thread.name for thread in threading.enumerate() if thread not in threads}
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_every_story_is_told_twice(news: Newsroom) -> None:
    """Eight stories and more have an independent voice in Chinese and one in English."""
    both = 0
    for pages in news.stories(2).values():
        voices = {page.lang[:2] for page in pages if page.copy is None}
        both += voices == {"zh", "en"}
    assert both >= 8
    assert len(news.stories(2)) >= 20


def test_copies_are_one_voice(news: Newsroom) -> None:
    """Six copies of four kinds count as the one voice they copy; a round-up quotes it too."""
    pages = news.stories(2)["flash-debut"]
    copies = [page for page in pages if page.copy]
    assert len(copies) == 6
    assert news.voices(2)["flash-debut"] == len(pages) - len(copies)
    assert len({page.copy for page in copies}) == 1
    assert {kind for page in copies for kind in page.kinds} >= {"exact", "reprint", "truncated", "rewrite"}
    assert [page.contains for page in news.pages.values() if page.contains] == [copies[0].copy]


def test_copies_come_later_and_share_their_words(news: Newsroom) -> None:
    """A copy is younger than its original and shares its sketch; traditional characters fold to the very text."""
    for page in news.pages.values():
        if page.copy:
            original = news.pages[page.copy]
            assert page.published
            assert original.published
            assert page.published > original.published
            theirs, ours = (set(sketch("\n".join(other.paragraphs))) for other in (original, page))
            assert len(theirs & ours) >= 4, page.url
    copy = news.pages["http://haigang.test/tech/202512/17/a0931.html"]
    assert copy.copy
    assert copy.paragraphs != news.pages[copy.copy].paragraphs
    assert bare("".join(copy.paragraphs)) == bare("".join(news.pages[copy.copy].paragraphs))


def test_independent_texts_are_independent(news: Newsroom) -> None:
    """No two texts that are not copies share a tenth of their runs of 20 letters: none is a template of another."""
    alone = [page for page in news.pages.values() if not page.copy and not page.contains and page.paragraphs]
    texts = {page.url: bare("".join(page.paragraphs)) for page in alone}
    runs = {url: {text[spot : spot + 20] for spot in range(len(text) - 19)} for url, text in texts.items()}
    pairs = [(one, other) for one in runs for other in runs if one < other]
    assert [
        pair for pair in pairs if len(runs[pair[0]] & runs[pair[1]]) > 0.1 * min(len(runs[url]) for url in pair)
    ] == []


def test_links_lead_to_pages(news: Newsroom) -> None:
    """`by_link` knows every URL that a listing shows."""
    for name in news.listings:
        assert all(news.by_link[link] is page for link, page in news.shown(name, 2))


def test_the_topic_file_is_sound() -> None:
    """The sample's topic loads, and every URL in it ends in .test."""
    topic = topics.load(newsroom.HERE / "topic.toml")
    assert topic.id == "sample"
    assert all(urlsplit(source.url).netloc.endswith(".test") for source in topic.sources)
