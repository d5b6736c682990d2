"""Rows 18 to 22: nothing that was meant for one host, or for nobody, reaches another, the log or the corpus."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

import pytest
from scrapy import Request

from crawler.cli.options import Discreet
from crawler.crawl import settings_for
from crawler.errors import TopicError
from crawler.middlewares.envelope import EnvelopeMiddleware
from crawler.text.web_addresses import without_credentials
from crawler.topic import reader as topics
from tests.hostile.conftest import topic_of
from tests.hostile.server import article, feed, http, moved

if TYPE_CHECKING:
    from pathlib import Path

    from tests.hostile.conftest import Crawl
    from tests.hostile.server import HostileWeb


def test_row_18_line_ends_in_a_location(crawl: Crawl, web: HostileWeb) -> None:
    """They stay percent-encoded: no header is injected."""
    web.answers["evil.test/?x=a%0d%0aX-Injected:%20yes"] = http(article())
    crawl.page(moved("/?x=a%0d%0aX-Injected:%20yes"))
    assert all("x-injected" not in asked.headers for asked in web.asked)


def test_row_18_line_ends_in_validators(crawl: Crawl, web: HostileWeb) -> None:
    """An ETag that would break out of its header is not sent back as one."""
    web.answers["evil.test/feed"] = feed(["http://evil.test/page"]).replace(
        b"Connection:", b'ETag: "a\x0bX-Injected: 1\x85X-Injected: 2"\r\nConnection:'
    )
    web.answers["evil.test/page"] = http(article())
    for _ in range(2):
        crawl(("feed", "http://evil.test/feed"))
    assert all("x-injected" not in asked.headers for asked in web.asked)


def test_row_19_keys_do_not_follow_a_redirect() -> None:
    """To another host, or out of https, go the headers that say who we are and what we read, and no others."""
    headers = {"X-Api-Key": "secret", "Authorization": "secret", "Cookie": "secret", "User-Agent": "houxu"}
    for came_by, stays in (("http://a.test/", False), ("https://b.test/", False), ("http://b.test/1", True)):
        request = Request("http://b.test/", headers=headers, meta={"redirect_urls": [came_by]})
        EnvelopeMiddleware().process_request(request)
        assert ("X-Api-Key" in request.headers) is stays
        assert "User-Agent" in request.headers


def test_row_19_validators_stay_with_their_host(crawl: Crawl, web: HostileWeb) -> None:
    """What one host said of its page is not told to another."""
    web.answers["evil.test/feed"] = feed([]).replace(b"Connection:", b'ETag: "mark"\r\nConnection:')
    crawl(("feed", "http://evil.test/feed"))
    web.answers["evil.test/feed"] = moved("http://other.test/feed")
    crawl(("feed", "http://evil.test/feed"))
    asked = [asked for asked in web.asked if asked.host == "other.test" and asked.path == "/feed"]
    assert asked
    assert all("if-none-match" not in each.headers for each in asked)


def test_row_20_and_21_no_referer_and_no_cookie(crawl: Crawl, web: HostileWeb) -> None:
    """Neither is ever sent, whatever was set."""
    web.answers["evil.test/feed"] = moved(
        "http://evil.test/feed2", "Set-Cookie: a=b; Domain=.test", "Set-Cookie: c=" + "d" * 4000
    )
    web.answers["evil.test/feed2"] = feed(["http://other.test/page"])
    web.answers["other.test/page"] = http(article(), "Set-Cookie: e=f")
    crawl(("feed", "http://evil.test/feed"))
    crawl(("feed", "http://evil.test/feed"))
    assert all(not {"referer", "cookie", "authorization"} & set(asked.headers) for asked in web.asked)


def test_row_22_a_policy_that_is_python(crawl: Crawl, caplog: pytest.LogCaptureFixture) -> None:
    """A Referrer-Policy header names no function of ours."""
    assert crawl.page(http(article(), "Referrer-Policy: os.system"))[0] == "stored"
    assert "os.system" not in caplog.text


def test_credentials_in_a_link_are_taken_out(crawl: Crawl, web: HostileWeb, caplog: pytest.LogCaptureFixture) -> None:
    """They are sent to nobody, and are in neither the log nor the corpus; nor are those of a redirect."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "scrapy")  # a command that ran in this process may have turned it down
    web.answers["evil.test/1"] = moved("http://user:hunter2@other.test/2")
    web.answers["other.test/2"] = http(article())
    web.answers["evil.test/feed"] = feed(["http://user:hunter2@evil.test/1"])
    left = crawl(("feed", "http://evil.test/feed"))
    assert left.corpus.value("SELECT count(*) FROM articles") == 2
    assert all("authorization" not in asked.headers for asked in web.asked)
    assert "hunter2" not in left.dump()
    discreet = Discreet()
    said = "\n".join(discreet.format(record) for record in caplog.records)
    assert "hunter2" not in said
    assert "://***@other.test/2" in said


@pytest.mark.parametrize("host", ["other.test/denied", "127.0.0.1/x"])
def test_credentials_of_a_redirect_that_is_refused(host: str, crawl: Crawl, web: HostileWeb) -> None:
    """They are not in the corpus either, where the visit says how far it came."""
    web.answers["evil.test/1"] = moved(f"http://user:hunter2@{host}")
    web.answers["other.test/robots.txt"] = http("User-agent: *\nDisallow: /denied")
    left = crawl.link("http://evil.test/1")
    assert left.ending("http://evil.test/1")[0] == "blocked"
    assert "hunter2" not in left.dump()


def test_nothing_that_is_logged_holds_a_password() -> None:
    """Neither in a message nor in a traceback; an address without one stays as it is."""
    fault = ValueError("http://user:hunter2@a.test/")
    record = logging.LogRecord(
        "x",
        logging.ERROR,
        "",
        0,
        "<GET %s> mail@a.test",
        ("https://a:hunter2@b.test:81/@c",),
        (type(fault), fault, None),
    )
    assert Discreet().format(record) == ("<GET https://***@b.test:81/@c> mail@a.test\nValueError: http://***@a.test/")


@pytest.mark.parametrize("status", ["200 OK", "302 Found\x1b[2J"])
@pytest.mark.parametrize("header", ["Content-Encoding: x\x1b[2J", "Content-Encoding: \x9b31mzz", "Location: /\x1b[2Jx"])
def test_no_header_commands_the_terminal(
    header: str, status: str, crawl: Crawl, caplog: pytest.LogCaptureFixture
) -> None:
    """What is logged of an answer holds no control character, even where every request is logged."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "scrapy")  # a command that ran in this process may have turned it down
    crawl.page(http(article(), header, status=status))
    said = [Discreet().format(record) for record in caplog.records]
    assert said
    assert not [line for line in said if not line.replace("\n", "").isprintable()]


def test_a_message_is_one_line() -> None:
    """None passes for a record of its own or turns what stands behind it; a traceback keeps its lines."""
    fault = ValueError("\x1b[2J\r\u202egone")
    record = logging.LogRecord("x", logging.ERROR, "", 0, "a\n%s\u2028c", ("\x85b\t小米",), (type(fault), fault, None))
    assert Discreet().format(record) == "a b\t小米c\nValueError: [2Jgone"


@pytest.mark.parametrize("password", ["pa'hunter2", 'pa"hunter2', "hunter2<", "a>hunter2", "a@hunter2", "\x1bhunter2"])
def test_no_character_shows_a_password(password: str) -> None:
    """Whatever may stand before the last @ of a host."""
    record = logging.LogRecord("x", logging.DEBUG, "", 0, f"to <GET http://user:{password}@b.test/2>", (), None)
    assert Discreet().format(record) == "to <GET http://***@b.test/2>"


@pytest.mark.parametrize("unit", ["://", "://a", "a", "@", "://@", "://'"])
def test_a_long_message_takes_no_long_time(unit: str) -> None:
    """A megabyte that nearly holds credentials, over and over, is read in one pass."""
    record = logging.LogRecord("x", logging.DEBUG, "", 0, "%s", ("://" + unit * (1_000_000 // len(unit)),), None)
    begun = time.process_time()
    Discreet().format(record)
    assert time.process_time() - begun < 2


def test_only_credentials_are_taken_out() -> None:
    """The rest of an address stays as it is."""
    assert without_credentials("https://u:p@a.test:81/x?y=@z#@") == "https://a.test:81/x?y=@z#@"
    assert without_credentials("https://a.test/@user") == "https://a.test/@user"


@pytest.mark.parametrize(
    "url",
    [
        "https://u:p@a.test/f",
        "https://a.test/f?api_key=abc",
        "https://a.test/f?x=1&access_token=abc",
        "https://a.test/f?X-Amz-Signature=a",
    ],
)
def test_a_source_with_a_key_is_none(url: str, tmp_path: Path) -> None:
    """Its key would be in the corpus, in copies of it, and in logs: the topic file names the mistake."""
    file = tmp_path / "topic.toml"
    file.write_text(
        '[topic]\nid = "x"\nname = "x"\n[relevance]\nstrong = ["MiMo"]\n'
        f'[[source]]\nid = "x"\nkind = "feed"\nurl = "{url}"\noutlet = "x"\n',
        encoding="utf-8",
    )
    with pytest.raises(TopicError, match="url"):
        topics.load(file)


def test_the_user_agent_says_who_and_where(crawl: Crawl, web: HostileWeb) -> None:
    """Project, version, and the contact of the topic file."""
    crawl()
    assert {asked.headers["user-agent"].partition("/")[0] for asked in web.asked} == {"houxu"}
    assert all("(+https://example.org/contact)" in asked.headers["user-agent"] for asked in web.asked)


def test_without_a_contact_the_user_agent_says_so_and_the_log_too(
    crawl: Crawl, web: HostileWeb, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is made up: the project's page stands in, and every run warns."""
    crawl(contact=None)
    assert all("houxu" in asked.headers["user-agent"] for asked in web.asked)
    assert "contact is not set" in caplog.text


def test_row_51_nothing_listens_that_executes_python() -> None:
    """Telnet and remote control are off."""
    settings = settings_for(topic_of(), {})
    assert not settings.getbool("TELNETCONSOLE_ENABLED")
    assert not settings.getbool("REMOTE_CONTROL_ENABLED")
