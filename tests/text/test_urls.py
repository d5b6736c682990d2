from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.dedupe import article_url, canonical_url, host_of, served_url, site
from crawler.limits import URL_CHARACTERS
from crawler.text.authority import speaks_for

KEY = "https://news.example.com/2026/a"


@pytest.mark.parametrize(
    "url",
    [
        "https://news.example.com/2026/a/",
        " https://news.example.com/2026/a ",
        "HTTPS://News.Example.COM/2026/a",
        "https://news.example.com./2026/a",
        "https://news.example.com:443/2026/a",
        "http://news.example.com:80/2026/a",
        "http://news.example.com/2026/a",
        "https://www.news.example.com/2026/a",
        "https://m.news.example.com/2026/a",
        "https://wap.news.example.com/2026/a",
        "https://amp.news.example.com/2026/a",
        "https://www.m.news.example.com/2026/a",
        "https://news.example.com/2026/a#comments",
        "https://news.example.com/2026/a?utm_source=x&utm_medium=y",
        "https://news.example.com/2026/a?spm=1.2.3&from=timeline&isappinstalled=0",
        "https://news.example.com/2026/a?fbclid=abc&gclid=1",
        "https://news.example.com/2026/a/amp",
        "https://news.example.com/2026/a/amp/",
        "https://news.example.com/amp/2026/a",
        "https://news.example.com/2026/a?amp=1",
        "https://news.example.com/2026/a?outputType=amp",
        "https://news.example.com/2026/b/../a",
        "https://news.example.com/2026/%61",
        "https://user:secret@news.example.com/2026/a",
        "https://news.example.com/2026/a;jsessionid=0A1B",
        "https://news-example-com.cdn.ampproject.org/c/s/news.example.com/2026/a",
        "https://www.google.com/amp/s/news.example.com/2026/a",
    ],
)
def test_spellings_of_one_address_are_one_key(url: str) -> None:
    """What says how a reader came, or in which dress the page is shown, is no part of its key."""
    assert canonical_url(url) == KEY


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a.example.com/x", "https://b.example.com/x"),
        ("https://example.com/X", "https://example.com/x"),
        ("https://example.com/x?id=1", "https://example.com/x?id=2"),
        ("https://example.com/x?page=1", "https://example.com/x"),
        ("https://example.com/x.html", "https://example.com/x"),
        ("https://example.com/amplifier", "https://example.com/lifier"),
        ("https://example.com:8080/x", "https://example.com/x"),
        ("http://127.0.0.1:8765/x", "https://127.0.0.1:8765/x"),
        ("http://10.0.0.1/x", "https://10.0.0.1/x"),
        ("https://m.cn/x", "https://cn/x"),
    ],
)
def test_different_addresses_stay_different(one: str, other: str) -> None:
    """What may name another page is kept."""
    assert canonical_url(one) != canonical_url(other)


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://example.com", "https://example.com/"),
        ("https://example.com/x?b=2&a=1", "https://example.com/x?a=1&b=2"),
        ("https://例子.测试/路径", "https://xn--fsqu00a.xn--0zwm56d/%E8%B7%AF%E5%BE%84"),
        ("https://XN--fsqu00a.xn--0zwm56d/%e8%b7%af%e5%be%84", "https://xn--fsqu00a.xn--0zwm56d/%E8%B7%AF%E5%BE%84"),
        ("https://example.com/a.amp.html", "https://example.com/a.html"),
        ("http://[::1]:8080/x/", "http://[::1]:8080/x"),
        ("javascript:void(0)", "javascript:void(0)"),
        ("https://[broken/x", "https://[broken/x"),
        ("", ""),
    ],
)
def test_a_key_has_one_form(url: str, key: str) -> None:
    """Parameters sorted, hosts in punycode, escapes in upper case; what is no web address comes back as it is."""
    assert canonical_url(url) == key


@given(
    st.one_of(
        st.text(max_size=60),
        st.from_regex(
            r"\Ahttps?://((www|m|amp)\.){0,3}[a-zA-Z0-9\u4e00-\u4e20.-]{1,20}(:[0-9]{1,5})?"
            r"(/(amp|%[0-9a-fA-F]{2}|[ -~\u4e00-\u4e20]){0,8}){0,4}(\?[ -~\u00e9]{0,20})?(#.{0,5})?\Z"
        ),
    )
)
def test_a_key_is_its_own_key(url: str) -> None:
    """`canonical_url` is idempotent, on anything."""
    assert canonical_url(canonical_url(url)) == canonical_url(url)


@pytest.mark.parametrize(
    ("declared", "key"),
    [
        ("https://example.com/story", "https://example.com/story"),
        ("https://m.example.com/story?utm_source=x", "https://example.com/story"),
        ("https://tech.example.com/story", "https://tech.example.com/story"),
        ("/story", "https://example.com/story"),
        ("?id=7", "https://example.com/2026/a?id=7"),
        ("https://example.com/?p=7", "https://example.com/?p=7"),
        (None, "https://example.com/2026/a"),
        ("  ", "https://example.com/2026/a"),
        ("https://example.com/", "https://example.com/2026/a"),
        ("https://www.example.com", "https://example.com/2026/a"),
        ("https://tech.example.com/index.html", "https://example.com/2026/a"),
        ("https://other.test/story", "https://example.com/2026/a"),
        ("https://example.com.other.test/story", "https://example.com/2026/a"),
        ("javascript:void(0)", "https://example.com/2026/a"),
        ("https://[broken", "https://example.com/2026/a"),
    ],
)
def test_a_declared_canonical_counts_on_its_own_site_only(declared: str | None, key: str) -> None:
    """One on another site, or the site's home page, is a broken template or a trap."""
    assert article_url("https://www.example.com/2026/a?from=rss", declared) == key


def test_a_site_is_what_one_publisher_runs() -> None:
    """Hosts under one registered name are one site; two blogs of a shared host are two."""
    assert site("tech.sina.com.cn") == "sina.com.cn"
    assert site("one.github.io") != site("two.github.io")
    assert site("127.0.0.1") == "127.0.0.1"
    assert site("localhost") == "localhost"


def test_the_host_of_a_url() -> None:
    """In lower case, without its port; nothing where there is none."""
    assert host_of("https://Tech.Example.com:8080/x") == "tech.example.com"
    assert host_of("not a url") == ""
    assert host_of("https://[broken") == ""


@pytest.mark.parametrize("mark", [".amp", "/amp", "/.amp/", ".amp/amp"])
def test_amp_marks_go_however_many_they_are(mark: str) -> None:
    """A key is its own key, whatever was piled on it: as many as an address has room for."""
    marks = mark * ((URL_CHARACTERS - len(f"{KEY}.html")) // len(mark))
    assert canonical_url(f"{KEY}{marks}") == KEY
    assert canonical_url(f"{KEY}{marks}.html") == canonical_url(canonical_url(f"{KEY}{marks}.html"))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://feeds.example.com/rss", "https://www.example.com/story", True),
        ("https://example.com./rss", "http://example.com:8080/story", True),
        ("https://google.evil.com/", "https://www.google.com/", False),
        ("https://m.github.io/", "https://github.io/", False),
        ("https://one.github.io/", "https://two.github.io/", False),
        ("https://example.co.uk/", "https://other.co.uk/", False),
        ("http://127.0.0.1:8001/", "http://127.0.0.1:8002/", False),
        ("http://[::1]:8001/", "http://[::1]:8001/story", True),
        ("http://127.0.0.1/", "https://127.0.0.1:443/story", True),
        ("//127.0.0.1:8001", "http://127.0.0.1:8001/story", True),
        ("//", "https://example.com/", False),
        ("//", "//", False),
    ],
)
def test_who_speaks_for_an_article(one: str, other: str, same: bool) -> None:
    """Hosts of one registered domain, by the Public Suffix List; where there is none, one host and port."""
    assert speaks_for(one, other) is same
    assert speaks_for(other, one) is same


@pytest.mark.parametrize("host", ["google.evil.com", "www.google.com.evil.io", "google.github.io", "x.ampproject.org"])
def test_only_known_caches_are_unwrapped(host: str) -> None:
    """A link to a host that looks like one leads to that host; what a known one served stays its own."""
    url = f"https://{host}/amp/s/victim.com/story"
    assert host_of(canonical_url(url)) == host.removeprefix("www.")
    assert canonical_url("https://www.google.com/amp/s/victim.com/story") == "https://victim.com/story"
    assert host_of(served_url("https://www.google.com/amp/s/victim.com/story")) == "google.com"
    assert article_url("https://www.google.com/amp/s/victim.com/story", "https://victim.com/story").startswith(
        "https://google.com/"
    )
