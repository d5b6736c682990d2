"""The invented newsroom: who publishes what in the sample web, and what a correct crawl must conclude of it.

The texts stand once, in `stories/*.toml`; a copy is derived from its original by the change its entry names. The pages
that the server sends and the truth that tests compare with are read from the same `SamplePage`, so neither can drift.
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.sample.variants import derived

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

HERE = Path(__file__).parent

_SENTENCE_END = re.compile(r"(?<=[。！？])(?![”」』）])|(?<=[.!?])\s+(?=[A-Z“])|(?<=[.!?]”)\s+(?=[A-Z“])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """A publisher: one host, one template, one habit of writing dates.

    `date` is a strftime pattern for the local time in `timezone`; `byline` holds patterns for author, source and
    editor; `validators` says with which of `etag` and `last-modified` it answers.
    """

    id: str
    host: str
    name: str
    template: str
    lang: str
    timezone: str
    date: str
    charset: str = "utf-8"
    charset_in_header: bool = True
    paragraph: str = "plain"
    byline: Mapping[str, str] = field(default_factory=dict)
    editor: str | None = None
    robots: str | None = None
    validators: tuple[str, ...] = ("etag", "last-modified")
    foreign: tuple[str, ...] = ()
    html_lang: str | None = None

    @property
    def day_only(self) -> bool:
        """Whether its pages say the day and no time: of a page's `published` only the day is then the truth."""
        return not re.search("%[HI]", self.date)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One document that shows pages: what a source of the topic file polls. `form` names its renderer."""

    id: str
    url: str
    form: str
    title: str
    host: str
    date: str = "rfc822"
    broken: bool = False
    summary: bool = True
    charset: str = "utf-8"
    validators: tuple[str, ...] = ("etag", "last-modified")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """Another URL of a page: `moved` answers 301, `mobile` the phone's layout, `same` the very page.

    Never a second article: a correct crawl either sees one lead in both, or ends the later visit `duplicate`.
    """

    url: str
    how: str = "same"
    shown_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplePage:
    """One page, and the truth about it.

    Attributes:
        url: canonical URL.
        story: key of its story; None for round-ups and for pages off the topic.
        copy: URL of the text it copies; None for an independent text.
        kinds: the kinds of copy (`crawler.model.MatchKind`) a correct crawl may call it.
        contains: URL of a text that stands inside it, among others.
        published: the instant; None when the page says a relative date (`ago`, in minutes) or none at all.
        shown_by: ids of the listings that show it; `links` are the URLs they show it under, where not its own.
        seen: the round in which it appears, 1 or 2.
        edit: replacements made in round 2, one number each; `vanishes`: the status it answers in round 2.
        endings: the endings a correct crawl may give its lead in the round it appears. With `deferred` first, it is
            had later, once the host is no longer busy.
        hindsight: relevant only since a dated alias is known.
    """

    url: str
    outlet: str
    lang: str
    title: str
    paragraphs: tuple[str, ...]
    relevant: bool
    story: str | None = None
    copy: str | None = None
    kinds: tuple[str, ...] = ()
    contains: str | None = None
    published: datetime | None = None
    ago: int | None = None
    author: str | None = None
    source: str | None = None
    section: str | None = None
    description: str | None = None
    shown_by: tuple[str, ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    aliases: tuple[Alias, ...] = ()
    seen: int = 1
    edit: tuple[tuple[str, str], ...] = ()
    edited: datetime | None = None
    vanishes: int | None = None
    status: int = 200
    busy: bool = False
    paywalled: bool = False
    hindsight: bool = False
    endings: tuple[str, ...] = ("stored",)
    note: str | None = None

    def text(self, in_round: int) -> tuple[str, ...]:
        """Return the paragraphs as they stand in round 1 or 2."""
        if in_round == 1 or not self.edit:
            return self.paragraphs
        return tuple(_replaced(paragraph, self.edit) for paragraph in self.paragraphs)

    @property
    def first(self) -> str:
        """The body's first sentence."""
        return _SENTENCE_END.split(self.paragraphs[0])[0].strip()

    @property
    def last(self) -> str:
        """The body's last sentence."""
        return [part for part in _SENTENCE_END.split(self.paragraphs[-1]) if part.strip()][-1].strip()


@dataclass(frozen=True)
class Newsroom:
    """The whole sample web as data: outlets and listings by id, pages by canonical URL."""

    outlets: Mapping[str, Outlet]
    listings: Mapping[str, Listing]
    pages: Mapping[str, SamplePage]

    @cached_property
    def by_host(self) -> Mapping[str, Outlet]:
        """Outlets by host."""
        return {outlet.host: outlet for outlet in self.outlets.values()}

    @cached_property
    def by_link(self) -> Mapping[str, SamplePage]:
        """Pages by every URL under which a listing shows them or an alias has them."""
        return {
            url: page
            for page in self.pages.values()
            for url in (page.url, *page.links.values(), *(alias.url for alias in page.aliases))
        }

    def shown(self, listing: str, in_round: int) -> list[tuple[str, SamplePage]]:
        """Return what a listing shows in a round: (link, page), newest first."""
        rows = []
        for page in self.pages.values():
            if page.seen <= in_round:
                if listing in page.shown_by:
                    rows.append((page.links.get(listing, page.url), page))
                rows += [(alias.url, page) for alias in page.aliases if listing in alias.shown_by]
        return sorted(rows, key=lambda row: (-(row[1].ago or 10**9), _when(row[1]), row[0]), reverse=True)

    def articles(self, in_round: int) -> list[SamplePage]:
        """Return the pages that a corpus holds after a round: relevant and to be had."""
        return [page for page in self.pages.values() if page.seen <= in_round and "stored" in page.endings]

    def stories(self, in_round: int) -> dict[str, list[SamplePage]]:
        """Return the stories after a round, each its pages in order of publication."""
        found: dict[str, list[SamplePage]] = defaultdict(list)
        for page in sorted(self.articles(in_round), key=lambda page: (_when(page), page.url)):
            if page.story:
                found[page.story].append(page)
        return dict(found)

    def voices(self, in_round: int) -> dict[str, int]:
        """Return how many independent texts each story has: copies count as the voice they copy."""
        return {
            story: len({page.copy or page.url for page in pages}) for story, pages in self.stories(in_round).items()
        }


@cache
def load() -> Newsroom:
    """Read the newsroom: `outlets.toml` and every file of `stories/`."""
    data = tomllib.loads((HERE / "outlets.toml").read_text("utf-8"))
    outlets = {row["id"]: Outlet(**_tuples(row)) for row in data["outlet"]}
    listings = {row["id"]: Listing(**_tuples(row), host=_host(row["url"])) for row in data["listing"]}
    by_host = {outlet.host: outlet for outlet in outlets.values()}
    own: dict[str, str] = {}
    for listing in listings.values():
        if listing.form != "sitemap-index":
            own.setdefault(listing.host, listing.id)
    pages: dict[str, SamplePage] = {}
    for path in sorted((HERE / "stories").glob("*.toml")):
        told = tomllib.loads(path.read_text("utf-8"))
        for row in told["page"]:
            row.setdefault("story", None if told["relevant"] is False else path.stem)
            row.setdefault("relevant", told["relevant"])
            page = _page(row, by_host[_host(row["url"])], own, pages)
            pages[page.url] = page
    return Newsroom(outlets, listings, pages)


def _page(row: dict[str, Any], outlet: Outlet, own: Mapping[str, str], pages: Mapping[str, SamplePage]) -> SamplePage:
    """Read one `[[page]]`: its own words, or those of the page it copies, changed as it says."""
    row = dict(row)
    how = row.pop("how", {})
    if "copy" in row:
        original = pages[row["copy"]]
        title, row["paragraphs"] = derived(original.title, original.paragraphs, how)
        row.setdefault("title", title)
    elif "body" in row:
        row["paragraphs"] = _paragraphs(row.pop("body"))
    if "contains" in row:
        quoted = pages[row["contains"]].paragraphs[: how["keep"]]
        spot = row["paragraphs"].index("{quoted}")
        row["paragraphs"] = (*row["paragraphs"][:spot], *quoted, *row["paragraphs"][spot + 1 :])
    if not row["relevant"]:
        row["story"] = None
        row.setdefault("endings", ["off_topic"])
    row["story"] = row["story"] or None
    row["aliases"] = tuple(Alias(**_tuples(alias)) for alias in row.get("aliases", ()))
    row["edit"] = tuple((old, new) for old, new in row.get("edit", ()))
    row.setdefault("shown_by", [own[outlet.host]] if outlet.host in own else [])
    row.setdefault("lang", outlet.lang)
    row.setdefault("paragraphs", ())
    return SamplePage(**_tuples(row), outlet=outlet.id)


def _paragraphs(body: str) -> tuple[str, ...]:
    return tuple(" ".join(lines.split("\n")).strip() for lines in body.strip().split("\n\n"))


def _replaced(text: str, edits: tuple[tuple[str, str], ...]) -> str:
    for old, new in edits:
        text = text.replace(old, new)
    return text


def _tuples(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}


def _host(url: str) -> str:
    return url.split("/")[2]


def _when(page: SamplePage) -> str:
    return page.published.astimezone(UTC).isoformat() if page.published else "9999"
