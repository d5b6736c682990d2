"""The topic file: what is read, and that every mistake is named, all at once."""

from __future__ import annotations

import datetime as dt
import tomllib
from contextlib import suppress
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.errors import TopicError
from crawler.model import ADAPTERS, KINDS, Term
from crawler.topic.reader import PACKAGED, load

if TYPE_CHECKING:
    from pathlib import Path

    from crawler.model import Topic

SOUND = """
[topic]
id = "tea"
name = "Tea"
seed = 2026-01-02

[crawl]
contact = "https://example.test/about"
requests_per_day = 12
keep_offtopic = "3d"

[relevance]
strong = ["龙井", { term = "Oolong", case = true }]
brand = [{ term = "茶", unless = ["山茶花"] }]
weak = ["价格"]
window = 20
exclude = ["下午茶"]
dated = [{ term = "Spring Flush", valid_from = 2026-03-01 }]
same = [["龙井", "Longjing"]]

[[source]]
id = "feed-one"
kind = "feed"
url = "https://example.test/feed.xml"
outlet = "One"

[[source]]
id = "list-two"
kind = "listing"
url = "http://example.test:8080/list?page=1"
outlet = "Two"
lang = "zh-Hant"
timezone = "Asia/Taipei"
enabled = false
max_gap = "60m"
expect_silence = "12h"
rules = { item = "#list li", link = "a", date = ".time" }

[[source]]
id = "search-three"
kind = "search"
adapter = "bing-news"
url = "https://example.test/search?q=%E8%8C%B6"
outlet = "Three"

[[site]]
host = "example.test"
body = "article"
until = 2026-06-01
"""


def read(tmp_path: Path, text: str) -> Topic:
    """Return the topic of a file with this text."""
    path = tmp_path / "topic.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def mistakes(tmp_path: Path, text: str) -> tuple[str, ...]:
    """Return the mistakes of a file with this text."""
    with pytest.raises(TopicError) as caught:
        read(tmp_path, text)
    return caught.value.mistakes


def test_everything_is_read(tmp_path: Path) -> None:
    """Every key of a sound file arrives, and what is absent has the default."""
    topic = read(tmp_path, SOUND)
    assert (topic.id, topic.name, topic.seed) == ("tea", "Tea", dt.date(2026, 1, 2))
    assert topic.contact == "https://example.test/about"
    assert topic.requests_per_day == 12
    assert topic.keep_offtopic == timedelta(days=3)
    rule = topic.relevance
    assert rule.strong == (
        Term(text="龙井"),
        Term(text="Oolong", case=True),
        Term(text="Spring Flush", valid_from=dt.date(2026, 3, 1)),
    )
    assert rule.brand == (Term(text="茶", unless=("山茶花",)),)
    assert (rule.weak, rule.window) == ((Term(text="价格"),), 20)
    assert (rule.exclude, rule.same) == (("下午茶",), (("龙井", "Longjing"),))
    feed, listing, search = topic.sources
    assert (feed.lang, feed.timezone, feed.enabled, feed.adapter) == ("zh", "Asia/Shanghai", True, None)
    assert (feed.max_gap, feed.expect_silence, dict(feed.rules)) == (None, None, {})
    assert (listing.lang, listing.timezone, listing.enabled) == ("zh-Hant", "Asia/Taipei", False)
    assert (listing.max_gap, listing.expect_silence) == (timedelta(minutes=60), timedelta(hours=12))
    assert dict(listing.rules) == {"item": "#list li", "link": "a", "date": ".time"}
    assert search.adapter == "bing-news"
    (site,) = topic.sites
    assert (site.host, site.body, site.title, site.until) == ("example.test", "article", None, dt.date(2026, 6, 1))


def test_defaults(tmp_path: Path) -> None:
    """A topic needs an id, a name and one strong term; the rest has the defaults that are documented."""
    topic = read(tmp_path, '[topic]\nid = "a"\nname = "A"\n[relevance]\nstrong = ["x"]\n')
    assert (topic.seed, topic.contact, topic.sources, topic.sites) == (None, None, (), ())
    assert (topic.requests_per_day, topic.keep_offtopic, topic.relevance.window) == (5000, timedelta(days=45), 60)


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    """Editors that put a byte order mark before UTF-8 write sound files too."""
    assert read(tmp_path, "\ufeff" + SOUND).id == "tea"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('id = "tea"', 'id = "black tea"', 'topic.id = "black tea": expected a short name without spaces'),
        ('id = "tea"\n', "", "topic.id is missing"),
        ("seed = 2026-01-02", 'seed = "2026-01-02"', 'topic.seed = "2026-01-02": expected a date without quotes'),
        ("seed = 2026-01-02", "seed = 2026-01-02T10:00:00Z", "expected a date without quotes"),
        ("[topic]", "[topics]", "topics = "),
        ("[topic]", "[topics]", "(did you mean topic?)"),
        ("[topic]", "[topics]", "topic is missing: expected a table headed [topic]"),
        ("[relevance]", "[relevence]", "(did you mean relevance?)"),
        ("requests_per_day = 12", "requests_per_day = 0", "crawl.requests_per_day = 0: expected a whole number"),
        ("requests_per_day = 12", "requests_per_day = true", "crawl.requests_per_day = true"),
        ("requests_per_day = 12", "request_per_day = 12", "(did you mean requests_per_day?)"),
        ('keep_offtopic = "3d"', 'keep_offtopic = "3 days"', 'expected a duration such as "90s"'),
        ('keep_offtopic = "3d"', "keep_offtopic = 3", "crawl.keep_offtopic = 3: expected a duration"),
        ('"https://example.test/about"', '"me@example.test"', "expected an http or https URL, or mailto:"),
        ("window = 20", 'window = "20"', 'relevance.window = "20": expected a whole number'),
        ('weak = ["价格"]', 'weak = "价格"', 'relevance.weak = "价格": expected a list of terms'),
        ('weak = ["价格"]', "weak = [7]", "relevance.weak 1 = 7: expected a term"),
        ('weak = ["价格"]', 'weak = ["、"]', "expected text with a letter or a digit"),
        ('weak = ["价格"]', 'weak = [{ trem = "价格" }]', "(did you mean term?)"),
        ("case = true", 'case = "yes"', 'relevance.strong 2.case = "yes": expected true or false'),
        ("valid_from = 2026-03-01", "from = 2026-03-01", "relevance.dated 1.valid_from is missing"),
        (
            'brand = [{ term = "茶", unless = ["山茶花"] }]',
            "",
            "relevance.brand is missing: expected at least one term",
        ),
        ('exclude = ["下午茶"]', "exclude = [1]", "relevance.exclude = [1]: expected a list of phrases"),
        ('same = [["龙井", "Longjing"]]', 'same = [["龙井"]]', "expected lists of two or more spellings"),
        ('id = "list-two"', 'id = "feed-one"', 'source 2.id = "feed-one": expected an id of its own; source 1 has it'),
        ('kind = "feed"', 'kind = "rss"', 'source 1 (feed-one).kind = "rss": expected one of feed, sitemap'),
        ('kind = "feed"', 'kind = "feeds"', "(did you mean feed?)"),
        ('kind = "feed"\n', "", "source 1 (feed-one).kind is missing"),
        ("https://example.test/feed.xml", "ftp://example.test/feed.xml", "expected an http or https URL"),
        ("https://example.test/feed.xml", "file:///etc/passwd", "expected an http or https URL"),
        ("https://example.test/feed.xml", "https:///feed.xml", "expected an http or https URL"),
        ("https://example.test/feed.xml", "https://example.test:99999/", "expected an http or https URL"),
        ("https://example.test/feed.xml", "https://me:secret@example.test/", "expected an http or https URL"),
        ("https://example.test/feed.xml", "https://example.test/茶", "percent-encoded"),
        ("https://example.test/feed.xml", "https://example.test/a b", "percent-encoded"),
        ("https://example.test/feed.xml", "https://[::1/", "expected an http or https URL"),
        ('outlet = "One"', 'outlet = " "', 'source 1 (feed-one).outlet = " ": expected text'),
        ('lang = "zh-Hant"', 'lang = "Chinese"', "expected a language tag"),
        ('"Asia/Taipei"', '"Asia/Taipeh"', 'timezone = "Asia/Taipeh": expected a time zone'),
        ('"Asia/Taipei"', '"../../etc/passwd"', "expected a time zone"),
        ("enabled = false", "enabled = 0", "source 2 (list-two).enabled = 0: expected true or false"),
        ('max_gap = "60m"', 'max_gap = "0m"', 'max_gap = "0m": expected a duration'),
        ('item = "#list li"', 'item = "#list >> li["', "rules.item = "),
        ('item = "#list li", ', "", "source 2 (list-two).rules.item is missing: expected a CSS selector"),
        ('date = ".time"', 'dates = ".time"', "(did you mean date?)"),
        ('rules = { item = "#list li", link = "a", date = ".time" }', "", "source 2 (list-two).rules is missing"),
        ('kind = "listing"', 'kind = "feed"', "expected no rules, which only a source of kind listing has"),
        ('adapter = "bing-news"', 'adapter = "bing"', "(did you mean bing-news?)"),
        ('adapter = "bing-news"\n', "", "source 3 (search-three).adapter is missing"),
        ('kind = "search"', 'kind = "feed"', "expected no adapter, which only a source of kind search has"),
        ('host = "example.test"', 'host = "https://example.test/"', "expected a host name in lower case"),
        ('body = "article"', 'body = "article["', 'site 1 (example.test).body = "article["'),
        ('body = "article"', "", "site 1 (example.test) has no rule: expected one of body, title"),
        ("until = 2026-06-01", 'until = "June"', 'until = "June": expected a date'),
        ("[[site]]", "[[clam]]", "clam = "),
    ],
)
def test_one_mistake(tmp_path: Path, old: str, new: str, said: str) -> None:
    """A mistake is told with its key, its value and what was expected."""
    assert old in SOUND
    told = mistakes(tmp_path, SOUND.replace(old, new, 1))
    assert any(said in line for line in told), told
    assert all("\n" not in line for line in told)


@pytest.mark.parametrize("rule", ["", "strong = []", 'brand = ["茶"]', 'exclude = ["茶"]'])
def test_a_rule_that_names_nothing(tmp_path: Path, rule: str) -> None:
    """A rule that no page could ever satisfy is a mistake."""
    (told,) = mistakes(tmp_path, f'[topic]\nid = "a"\nname = "A"\n[relevance]\n{rule}\n')
    assert "names nothing to follow" in told


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    """Ten mistakes are ten lines, and the message names the file."""
    text = SOUND
    changes = [
        ('id = "tea"', 'id = ""'),
        ("seed = 2026-01-02", "seed = 1"),
        ('contact = "https://example.test/about"', "contact = 1"),
        ('keep_offtopic = "3d"', 'keep_offtopic = "x"'),
        ("window = 20", "window = -1"),
        ('kind = "feed"', 'kind = "x"'),
        ('"Asia/Taipei"', '"Mars"'),
        ('adapter = "bing-news"', 'adapter = "x"'),
        ("until = 2026-06-01", "until = 1"),
        ('outlet = "Three"', 'outlets = "Three"'),
    ]
    for old, new in changes:
        text = text.replace(old, new, 1)
    with pytest.raises(TopicError) as caught:
        read(tmp_path, text)
    assert len(caught.value.mistakes) == 11  # the last one is two: an unknown key, and one that is missing
    assert str(caught.value).startswith(f"{tmp_path / 'topic.toml'}: 11 mistakes\n  ")
    assert caught.value.exit_code == 2


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """No file, no TOML, no UTF-8: one mistake each, with the place where it is known."""
    with pytest.raises(TopicError, match="cannot be read: No such file"):
        load(tmp_path / "none.toml")
    with pytest.raises(TopicError, match="cannot be read"):
        load(tmp_path)
    (tmp_path / "bad.toml").write_text("[topic\n")
    with pytest.raises(TopicError, match=r"is not TOML: .*line 1"):
        load(str(tmp_path / "bad.toml"))
    (tmp_path / "gbk.toml").write_bytes('name = "茶"'.encode("gb18030"))
    with pytest.raises(TopicError, match="byte 8 is not UTF-8"):
        load(tmp_path / "gbk.toml")


def test_digest_is_of_the_rule_alone(tmp_path: Path) -> None:
    """The digest changes with any part of the rule, and with nothing else."""
    digest = read(tmp_path, SOUND).digest
    assert len(digest) == 64
    assert (
        read(tmp_path, SOUND.replace("Tea", "Chai").replace("feed-one", "feed-1").replace('"3d"', '"4d"')).digest
        == digest
    )
    changes = [
        ("window = 20", "window = 21"),
        ("下午茶", "早茶"),
        ("case = true", "case = false"),
        ("2026-03-01", "2026-03-02"),
        ("山茶花", "山茶"),
        ("Longjing", "Lungching"),
    ]
    assert len({read(tmp_path, SOUND.replace(*change)).digest for change in changes} | {digest}) == len(changes) + 1


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    line=st.integers(0, SOUND.count("\n") - 1),
    value=st.sampled_from(
        ["1", "-1", "true", '""', '"x"', "[]", "[[]]", "[1]", '["x"]', "{}", "{ x = 1 }", "1.5", "2026-01-01"]
    ),
)
def test_any_value_is_read_or_told(tmp_path: Path, line: int, value: str) -> None:
    """Whatever stands behind any key, the file gives a topic or mistakes, never another error."""
    lines = SOUND.split("\n")
    if " = " in lines[line]:
        lines[line] = lines[line].split(" = ")[0] + " = " + value
    with suppress(TopicError):
        assert read(tmp_path, "\n".join(lines)).id


# --- the packaged topic


def test_packaged_topic_is_sound() -> None:
    """It has the seed's day and sources in three languages, each search adapter among them, no address twice."""
    topic = load()
    assert (topic.id, topic.seed) == ("xiaomi-ai", dt.date(2025, 12, 17))
    assert len(topic.sources) >= 60
    assert {source.adapter for source in topic.sources if source.kind == "search"} == set(ADAPTERS)
    assert {source.kind for source in topic.sources} <= set(KINDS)
    assert {"zh-Hans", "zh-Hant", "en"} <= {source.lang for source in topic.sources}
    assert len({source.url for source in topic.sources}) == len(topic.sources)
    assert all("." in (urlsplit(source.url).hostname or "") for source in topic.sources)


def test_packaged_rule_says_nothing_twice() -> None:
    """No alias or excluded phrase of the packaged rule is there twice: a second one would only hide an edit."""
    rule = tomllib.loads(PACKAGED.read_text(encoding="utf-8"))["relevance"]
    for key in ("strong", "brand", "weak", "exclude"):
        names = sorted(str(item) for item in rule[key])
        assert [one for one, two in pairwise(names) if one == two] == []
