"""What a page declares about itself: JSON-LD, meta tags, microdata. Facts, in the order found, each with its place."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from lxml import etree

from crawler.extract.tree import start_of
from crawler.limits import DECLARED_CHARACTERS, DECLARED_FACTS, MARKED_ELEMENTS, URL_CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element as Element

    from crawler.extract.tree import Document

_ARTICLE = re.compile(r"(?:Article|Posting|Report|Review)$|^Article")
_COMMENT = re.compile(r'^[ \t]*//[^\n"]*$|/\*.*?(?:\*/|\Z)|<!--|-->|<!\[CDATA\[|\]\]>', re.MULTILINE | re.DOTALL)
_TRAILING = re.compile(r",\s*([}\]])")
_NESTED = ("@graph", "mainEntity", "mainEntityOfPage", "itemListElement", "hasPart")
_DEEP = 5

_META = {
    "title": "articletitle og:title twitter:title dc.title citation_title parsely-title sailthru.title headline",
    "author": (
        "author article:author byl parsely-author dc.creator sailthru.author bytedance:author og:article:author "
        "article:author_name dcterms.creator twitter:creator:name citation_author mediaid"
    ),
    "published": (
        "article:published_time article:published publishdate pubdate publish_date published_time og:published_time "
        "og:article:published_time bytedance:published_time article:create_at weibo:article:create_at datepublished "
        "rnews:datepublished iso-8601-publish-date cxenseparse:recs:publishtime cxenseparse:publishtime publish_time "
        "parsely-pub-date sailthru.date og:release_date releasedate vr:published_time apub:time pubtime displaydate "
        "originalpublicationdate citation_publication_date citation_date publication_date eomportal-firstpublished "
        "firstpublishdate dc.date.issued dcterms.issued dc.date.created dcterms.created dc.date dcterms.date "
        "article.created date.created created date"
    ),
    "modified": "article:modified_time og:updated_time bytedance:updated_time datemodified lastmod last-modified",
    "outlet": "og:site_name bytedance:site_name citation_journal_title application-name sitename",
    "image": "og:image og:image:url twitter:image image",
    "language": "og:locale content-language language dc.language",
    "source": "contentsource articlesource source copyright_source",
    "url": "og:url",
}
"""Names of meta tags by field, the better witness first; compared without their separators."""

_NOT_NAME = re.compile(r"[^a-z0-9]+")
_FIELD = {
    _NOT_NAME.sub("", key): (field, rank) for field, keys in _META.items() for rank, key in enumerate(keys.split())
}
_MICRODATA = {"author": "author", "datePublished": "published", "dateModified": "modified", "headline": "title"}
_PROPERTIES = etree.XPath("//*[@itemprop or @rel='author']")


_LONGEST_NAME = 200
"""Characters of a meta tag's name that are read."""

_ADDRESSES = frozenset(("canonical", "image", "url"))
"""Fields of which a part would be another address: one too long counts as none."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing the page declares: for `field`, `value` as written, found at `where`."""

    field: str
    value: str
    where: str


class Facts:
    """What a page declares, by field, the better witness first."""

    def __init__(self, page: Document) -> None:
        self.by_field: dict[str, list[Fact]] = {}
        found = [*_json_ld(page), *_meta(page), *_links(page), *_microdata(page)]
        for fact in found:
            facts = self.by_field.setdefault(fact.field, [])
            if len(facts) < DECLARED_FACTS and fact.value.strip():
                facts.append(fact)

    def all(self, field: str, where: str = "") -> list[Fact]:
        """Return the facts of a field, those whose place starts with `where`."""
        return [fact for fact in self.by_field.get(field, ()) if fact.where.startswith(where)]

    def first(self, field: str, where: str = "") -> Fact | None:
        """Return the best fact of a field, or None."""
        return next(iter(self.all(field, where)), None)


def _json_ld(page: Document) -> Iterator[Fact]:
    for script in page.of["script"]:
        if "ld+json" in (script.get("type") or ""):
            for item in _articles(_loads(script.text or ""), 0):
                yield from _article(item)


def _loads(text: str) -> Any:
    text = text.strip().rstrip(";")
    try:
        return json.loads(text, strict=False)
    except ValueError:
        pass
    except RecursionError:
        return None
    try:
        return json.loads(_TRAILING.sub(r"\1", _COMMENT.sub("", text)), strict=False)
    except (ValueError, RecursionError):
        return None


def _articles(item: Any, depth: int) -> Iterator[dict[str, Any]]:
    """Yield the objects that are articles, by type or because they have a headline and a date."""
    if depth > _DEEP:
        return
    if isinstance(item, list):
        for one in item:
            yield from _articles(one, depth + 1)
    elif isinstance(item, dict):
        kinds = item.get("@type")
        kinds = kinds if isinstance(kinds, list) else [kinds]
        if (
            any(isinstance(kind, str) and _ARTICLE.search(kind) for kind in kinds)
            or ("datePublished" in item and "headline" in item)
            or "pubDate" in item
        ):
            yield item
        for key in _NESTED:
            if isinstance(item.get(key), (dict, list)):
                yield from _articles(item[key], depth + 1)


def _article(item: dict[str, Any]) -> Iterator[Fact]:
    plain = {
        "headline": "title", "datePublished": "published", "pubDate": "published", "dateModified": "modified",
        "upDate": "modified", "articleBody": "body", "inLanguage": "language", "isAccessibleForFree": "free",
    }  # fmt: skip
    for key, field in plain.items():
        value = item.get(key)
        if isinstance(value, (str, bool, int)):
            yield Fact(field, _said(field, str(value)), f"json-ld {key}")
    for key, field in (("author", "author"), ("publisher", "outlet"), ("image", "image")):
        for name in _names(item.get(key), "url" if key == "image" else "name"):
            yield Fact(field, _said(field, name), f"json-ld {key}")


def _names(value: Any, key: str) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict):
            one = one.get(key)  # noqa: PLW2901  the dict stands for its name
        for name in one if isinstance(one, list) else [one]:
            if isinstance(name, str):
                yield name


def _meta(page: Document) -> Iterator[Fact]:
    found: list[tuple[int, Fact]] = []
    for meta in page.of["meta"]:
        said = meta.get("property") or meta.get("name") or meta.get("itemprop") or meta.get("http-equiv") or ""
        said = said[:_LONGEST_NAME]
        name = _NOT_NAME.sub("", said.lower())
        value = meta.get("content")
        if value and name in _FIELD:
            field, rank = _FIELD[name]
            found.append((rank, Fact(field, _said(field, value), f"meta {said.strip()}")))
    found.sort(key=lambda pair: pair[0])
    for _, fact in found:
        yield fact


def _links(page: Document) -> Iterator[Fact]:
    for link in page.of["link"]:
        href = link.get("href")
        if href and len(href) <= URL_CHARACTERS and link.get("rel") == "canonical":
            yield Fact("canonical", href, "link canonical")


def _microdata(page: Document) -> Iterator[Fact]:
    counts: dict[str, int] = {}
    for element in cast("list[Element]", _PROPERTIES(page.root)) if page.microdata else ():
        name = element.get("itemprop") or ""
        if element.tag == "meta":
            continue
        if name not in _MICRODATA:
            name = "rel author" if element.tag == "a" and element.get("rel") == "author" else ""
        counts[name] = counts.get(name, 0) + 1
        if name and counts[name] <= MARKED_ELEMENTS:
            yield _marked(element, name)


def _marked(element: Element, name: str) -> Fact:
    """Return what an element of an itemprop, or of rel="author", says."""
    if name == "rel author":
        return Fact("author", start_of(element), name)
    if name == "author":
        inner = element.find(".//*[@itemprop='name']")
        value = element.get("content") or start_of(element if inner is None else inner)
    else:
        value = element.get("datetime") or element.get("content") or start_of(element)
    return Fact(_MICRODATA[name], value[:DECLARED_CHARACTERS], f"microdata {name}")


def _said(field: str, value: str) -> str:
    """Return what is read of a declared value: its beginning, all of a body, and nothing of an address too long."""
    if field in _ADDRESSES:
        value = value if len(value) <= URL_CHARACTERS else ""
    elif field != "body":
        value = value[:DECLARED_CHARACTERS]
    return html.unescape(value)
