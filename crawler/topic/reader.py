"""The topic file: TOML in, a checked `Topic` out.

Checking is strict, because a mistyped key that is silently ignored costs weeks of coverage: every mistake is one line
naming the key, its value and what was expected, and all of them are raised together.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

from crawler.errors import TopicError
from crawler.model import ADAPTERS, KINDS, Relevance, SiteRule, Source, Term, Topic
from crawler.text.urls import is_public_suffix
from crawler.topic.claim_tables import claims_digest, read_claims
from crawler.topic.toml_tables import Table, shown

PACKAGED = Path(__file__).parents[1] / "topics" / "xiaomi_ai.toml"
"""The topic that is followed when no other is named."""

_REQUESTS_PER_DAY = 5000
_HOST_REQUESTS_PER_DAY = 1000  # of one host: a feed every five minutes, and 700 pages
_KEEP_OFFTOPIC = timedelta(days=45)
_WINDOW = 60  # characters; on 250 labelled pages proximity took precision from .83 to .97
_LANG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_KEYS = frozenset(
    "api_key apikey access_key access_token auth_token client_secret password passwd secret sig signature token".split()
) | {"x_amz_signature", "x_goog_signature"}
"""Parameters that a URL has for one user only; it would be in the corpus, in copies of it, and in logs."""

_LONGEST_ZONE = 64
_RULES = ("item", "link", "title", "date")


def load(path: Path | str | None = None) -> Topic:
    """Return the topic that a file describes.

    Args:
        path: a topic file; None means the packaged one.

    Raises:
        TopicError: the file cannot be read, is not TOML, or has mistakes; all of them are listed.
    """
    path = Path(path) if path is not None else PACKAGED
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise TopicError(path, [f"cannot be read: {error.strerror or error}"]) from error
    except UnicodeDecodeError as error:
        raise TopicError(path, [f"byte {error.start} is not UTF-8; save the file as UTF-8"]) from error
    except (ValueError, RecursionError) as error:  # also a number of 5,000 digits, 1,000 brackets
        raise TopicError(path, [f"is not TOML: {error}"]) from error
    mistakes: list[str] = []
    topic = _topic(Table(data, "", mistakes))
    if mistakes:
        raise TopicError(path, mistakes)
    return topic


def _topic(file: Table) -> Topic:
    head = file.table("topic", "a table headed [topic]", required=True) or Table({}, "topic", file.mistakes)
    crawl = file.table("crawl", "a table headed [crawl]") or Table({}, "crawl", file.mistakes)
    rule = file.table("relevance", "a table headed [relevance]", required=True)
    relevance = Relevance() if rule is None else _relevance(rule)
    claims = read_claims(file)
    required = "topic" in file.data  # an absent table is said once: its keys are not missing as well
    topic = Topic(
        id=head.text("id", "a short name without spaces", _is_id, required=required) or "",
        name=head.text("name", required=required) or "",
        seed=head.date("seed"),
        contact=crawl.text("contact", "an http or https URL, or mailto:ADDRESS", _is_contact),
        requests_per_day=crawl.number("requests_per_day", _REQUESTS_PER_DAY),
        host_requests_per_day=crawl.number("host_requests_per_day", _HOST_REQUESTS_PER_DAY),
        keep_reserved=crawl.flag("keep_reserved", default=False),
        keep_offtopic=crawl.duration("keep_offtopic") or _KEEP_OFFTOPIC,
        relevance=relevance,
        sources=tuple(_source(table) for table in file.tables("source")),
        sites=tuple(_site(table) for table in file.tables("site")),
        digest=relevance_digest(relevance),
        claims=claims,
        claims_digest=claims_digest(claims),
    )
    for table in (head, crawl, file):
        table.end()
    _repeated(topic.sources, file.mistakes)
    return topic


def relevance_digest(relevance: Relevance) -> str:
    """Return the sha256 (hex) of the rule in canonical JSON: equal for two files that judge alike."""
    said = json.dumps(asdict(relevance), default=str, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()


def _relevance(table: Table) -> Relevance:
    known = len(table.mistakes)
    strong = [*_terms(table, "strong"), *_terms(table, "dated")]
    brand, weak = _terms(table, "brand"), _terms(table, "weak")
    if not strong and not weak and len(table.mistakes) == known:
        table.mistakes.append(f"{table.name} names nothing to follow: expected strong terms, or weak ones with a brand")
    if weak and not brand:
        table.missing("brand", "at least one term, because weak terms count only near a brand")
    window = table.number("window", _WINDOW)
    exclude = table.texts("exclude", "a list of phrases")
    same: list[tuple[str, ...]] = []
    expected = 'lists of two or more spellings of one name, as in [["罗福莉", "Luo Fuli"]]'
    for group in table.read("same", list, expected) or []:
        if not (
            isinstance(group, list) and group[1:] and all(isinstance(name, str) and name.strip() for name in group)
        ):
            table.wrong("same", expected)
            break
        same.append(tuple(group))
    table.end()
    return Relevance(
        strong=tuple(strong), brand=tuple(brand), weak=tuple(weak), window=window, exclude=exclude, same=tuple(same)
    )


def _terms(table: Table, key: str) -> list[Term]:
    """Read aliases: plain texts, or tables where one has conditions. Those under `dated` must say since when."""
    expected = 'a list of terms, each text or a table such as { term = "MiMo", case = true }'
    terms = []
    for place, item in enumerate(table.read(key, list, expected) or [], 1):
        if not isinstance(item, str | dict):
            table.mistakes.append(f"{table.name}.{key} {place} = {shown(item)}: expected a term: text, or a table")
            continue
        entry = Table({"term": item} if isinstance(item, str) else item, f"{table.name}.{key} {place}", table.mistakes)
        text = entry.text(
            "term", "text with a letter or a digit", lambda term: any(map(str.isalnum, term)), required=True
        )
        term = Term(
            text=text or "",
            case=entry.flag("case", default=False),
            valid_from=entry.date("valid_from", required=key == "dated"),
            unless=entry.texts("unless"),
        )
        entry.end()
        if text:
            terms.append(term)
    return terms


def _source(table: Table) -> Source:
    kind = table.choice("kind", KINDS, required=True)
    source = Source(
        id=table.text("id", "a short name without spaces", _is_id, required=True) or "",
        kind=kind or "feed",
        url=table.text(
            "url", "an http or https URL, percent-encoded, without a password or key", _is_url, required=True
        )
        or "",
        outlet=table.text("outlet", required=True) or "",
        lang=table.text("lang", "a language tag such as zh, zh-Hant or en", _is_lang) or "zh",
        timezone=table.text("timezone", "a time zone such as Asia/Shanghai", _is_zone) or "Asia/Shanghai",
        enabled=table.flag("enabled", default=True),
        adapter=table.choice("adapter", ADAPTERS, required=kind == "search"),
        only=table.text("only"),
        weight=table.weight("weight", 1.0),
        max_gap=table.duration("max_gap"),
        expect_silence=table.duration("expect_silence"),
        rules=_rules(table, required=kind == "listing"),
        pairings=_pairings(table),
    )
    for key, owner in (("adapter", "search"), ("only", "search"), ("rules", "listing")):
        if kind and kind != owner and key in table.data:
            table.wrong(key, f"no {key}, which only a source of kind {owner} has")
    table.end()
    return source


def _pairings(table: Table) -> tuple[str, ...]:
    """Read the hosts for which a source speaks; a public suffix (com, github.io) would be half of the web."""
    expected = "a list of host names in lower case, such as news.example.com, none of them a public suffix"
    hosts = table.texts("pairings", expected)
    if not all(_is_host(host) and not is_public_suffix(host) for host in hosts):
        table.wrong("pairings", expected)
        return ()
    return hosts


def _rules(table: Table, *, required: bool) -> dict[str, str]:
    expected = 'CSS selectors, as in { item = "#list li", link = "a", title = "a", date = ".time" }'
    rules = table.table("rules", expected, required=required)
    if rules is None:
        return {}
    read = {key: rules.text(key, "a CSS selector", _is_css, required=key == "item") for key in _RULES}
    rules.end()
    return {key: value for key, value in read.items() if value}


def _site(table: Table) -> SiteRule:
    css = {key: table.text(key, "a CSS selector", _is_css) for key in ("body", "title", "author", "date", "drop")}
    host = table.text("host", "a host name in lower case, without scheme and path", _is_host, required=True) or ""
    rule = SiteRule(host=host, until=table.date("until"), **css)
    if not table.data.keys() & css.keys():
        table.mistakes.append(f"{table.name} has no rule: expected one of {', '.join(css)}")
    table.end()
    return rule


def _repeated(sources: tuple[Source, ...], mistakes: list[str]) -> None:
    first: dict[str, int] = {}
    for place, source in enumerate(sources, 1):
        if source.id and source.id in first:
            mistakes.append(
                f"source {place}.id = {shown(source.id)}: expected an id of its own; source {first[source.id]} has it"
            )
        first.setdefault(source.id, place)


def _is_id(text: str) -> bool:
    return re.fullmatch(r"[\w.-]+", text) is not None


def _is_lang(text: str) -> bool:
    return _LANG.fullmatch(text) is not None


def _is_host(text: str) -> bool:
    return _HOST.fullmatch(text) is not None


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return (
            parts.scheme in {"http", "https"}
            and bool(parts.hostname)
            and parts.port != 0
            and parts.username is None
            and text.isascii()
            and text.isprintable()
            and not re.search(r"[\s<>\"{}|\\^`]", text)
            and not _KEYS & {name.lower().replace("-", "_") for name, _ in parse_qsl(parts.query)}
        )
    except ValueError:
        return False


def _is_contact(text: str) -> bool:
    return _is_url(text) or re.fullmatch(r"mailto:[^@\s]+@[^@\s]+", text) is not None


def _is_zone(text: str) -> bool:
    if len(text) > _LONGEST_ZONE:
        return False  # it is looked for as a package in a package in a package
    try:
        ZoneInfo(text)
    except (OSError, ValueError):  # ZoneInfoNotFoundError is a KeyError on some systems
        return False
    except KeyError:
        return False
    return True


def _is_css(text: str) -> bool:
    import soupsieve  # 70 ms, and most commands read no topic file

    try:
        soupsieve.compile(text)
    except soupsieve.SelectorSyntaxError:
        return False
    return True
