"""JSON answers to leads: for each service a `Shape` says where its answer keeps what a lead is made of.

A service is data. To add one: a Shape below, its name in `model.ADAPTERS`, and an invented answer of its real shape in
`tests/fixtures/<name>.json`.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from crawler import limits
from crawler.errors import SourceError
from crawler.sources.answers import excerpt, json_value, line
from crawler.sources.feed_xml import Entry, lead_of
from crawler.text import dates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.model import Lead, Source

_PLACE = re.compile(r"\{([^{}]*)\}")
_SAID = ("message", "msg", "error", "err_msg")
"""Where services that answer 200 to everything say what was wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Where a service's JSON keeps its hits, and each hit the parts of a lead.

    A path is dotted (`data.items`; a number counts into a list), `a|b` takes the first that is there, and the empty one
    is the whole. A text where a list or a table is wanted is JSON inside JSON, and is read.

    Attributes:
        hits: path of the list of hits.
        link: the URL, `{path}` standing for values: `https://news.test/{id}`; `a|b` as in a path.
        title: path.
        date: path of a text, or of seconds or milliseconds since 1970.
        body: path of HTML that is the whole text.
        outlet: path.
        only: a path, and what its text must begin with: other hits are advertisements, or no news.
        named: path of the text that must begin with the source's own `only`.
        opens: what stands before the JSON in an answer that is more than JSON.
        written: `strptime` format of dates that have two readings.
        timezone: of dates without a zone, whatever the source says.
        markup: titles hold HTML.
        visitable: the link leads to a web page.
    """

    hits: str
    link: str
    title: str
    date: str = ""
    body: str = ""
    outlet: str = ""
    only: tuple[str, str] = ("", "")
    named: str = ""
    opens: str | None = None
    written: str | None = None
    timezone: str | None = None
    markup: bool = False
    visitable: bool = True

    def __call__(self, text: str, url: str, source: Source, now: datetime) -> Iterator[Lead | None]:
        """Yield a lead for every hit, None for one that leads nowhere a crawl may go; others' are passed over.

        Raises:
            SourceError: the answer is no JSON, or holds no such list.
        """
        for hit in self._hits(text, source):
            if _begins(hit, *self.only) and _begins(hit, self.named, source.only or ""):
                yield self._lead(hit, url, source, now)

    def _hits(self, text: str, source: Source) -> list[Any]:
        opened = re.search(self.opens, text) if self.opens else None
        value = json_value(text[opened.end() :] if opened else text, source, more=opened is not None)
        hits = _inner(_at(value, self.hits))
        if not isinstance(hits, list):
            said = next((value[key] for key in _SAID if isinstance(value, dict) and value.get(key)), value)
            name = self.hits.rpartition(".")[2] or "[]"
            raise SourceError(source.id, f"the answer holds no list {name!r}: {excerpt(str(said))}")
        return hits

    def _lead(self, hit: Any, url: str, source: Source, now: datetime) -> Lead | None:
        title, body = _text(hit, self.title), _text(hit, self.body) if self.body else ""
        entry = Entry(
            link=_filled(self.link, hit),
            base=url,
            title=title,
            body=body if "<" in body else html.unescape(body),  # cnyes escapes the whole text
            outlet=_text(hit, self.outlet) if self.outlet else "",
        )
        lead = lead_of(entry, source, now, title=None if self.markup else line(title), visitable=self.visitable)
        if lead is None or not self.date:
            return lead
        raw = line(_text(hit, self.date))[: limits.DATE_CHARACTERS]
        moment = self._moment(raw, source, now)
        return replace(lead, published_at=moment.at if moment else None, published_raw=raw or None)

    def _moment(self, raw: str, source: Source, now: datetime) -> dates.Moment | None:
        zone = self.timezone or source.timezone
        if self.written:
            try:
                raw = datetime.strptime(raw, self.written).replace(tzinfo=ZoneInfo(zone)).isoformat()
            except ValueError:
                return None
        return dates.epoch(raw, now=now) or dates.parse(raw, now=now, timezone=zone)


def _at(value: Any, paths: str) -> Any:
    """Return what lies at the first of the paths where something does; None where nothing does."""
    for path in paths.split("|"):
        found = value
        for step in path.split(".") if path else ():
            found = _step(_inner(found), step)
        if found not in (None, ""):
            return found
    return None


def _step(value: Any, step: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(step)
    if isinstance(value, list) and step.isdigit() and int(step) < len(value):
        return value[int(step)]
    return None


def _inner(value: Any) -> Any:
    """Return the value of JSON inside JSON, anything else as it is."""
    try:
        return json.loads(value, strict=False) if isinstance(value, str) and value[:1] in {"[", "{"} else value
    except (ValueError, RecursionError):
        return value


def _begins(hit: Any, path: str, start: str) -> bool:
    return not start or _text(hit, path).startswith(start)


def _text(hit: Any, path: str) -> str:
    """Return the text or the number at a path, as text; empty where there is neither."""
    found = _at(hit, path)
    return str(found) if isinstance(found, str | int | float) and not isinstance(found, bool) else ""


def _filled(template: str, hit: Any) -> str:
    """Return the first of a template's alternatives whose every place has a value; empty when none has."""
    for each in template.split("|"):
        if all(_text(hit, path) for path in _PLACE.findall(each)):
            return _PLACE.sub(lambda place: _text(hit, place[1]), each)
    return ""


SHAPES = {
    "cnyes": Shape(
        hits="items.data",
        link="https://news.cnyes.com/news/id/{newsId}",
        title="title",
        date="publishAt",
        body="content",
        markup=True,
    ),
    "eastmoney": Shape(
        opens=r"\A[\w$.]{1,100}\s*\(",
        hits="result.cmsArticleWebOld",
        link="{url}",
        title="title",
        date="date",
        outlet="mediaName",
        timezone="Asia/Shanghai",
        markup=True,
    ),
    "github-events": Shape(
        hits="",
        only=("type", "ReleaseEvent"),
        link="{payload.release.html_url}",
        title="payload.release.name|payload.release.tag_name",
        date="created_at",
    ),
    "hk01": Shape(
        hits="items",
        link="{data.canonicalUrl}|{data.publishUrl}",
        title="data.title",
        date="data.publishTime",
    ),
    "hkexnews": Shape(  # a day may be read as a month; what it links to is a PDF
        hits="result",
        link="https://www1.hkexnews.hk{FILE_LINK}",
        title="TITLE",
        date="DATE_TIME",
        written="%d/%m/%Y %H:%M",
        timezone="Asia/Hong_Kong",
        markup=True,
        visitable=False,
    ),
    "hn-algolia": Shape(  # a post without a link of its own is its own page
        hits="hits",
        link="{url}|https://news.ycombinator.com/item?id={objectID}",
        title="title|story_title",
        date="created_at",
        body="story_text",
    ),
    "hugging-face": Shape(  # lastModified moves without news
        hits="",
        link="https://huggingface.co/{id}",
        title="id",
        date="createdAt",
    ),
    "ifeng": Shape(
        opens=r"var\s+allData\s*=\s*",
        hits="hotNews1",
        link="{url}",
        title="title",
        date="newsTime",
    ),
    "jin10": Shape(
        opens=r"\A\s*var\s+newest\s*=\s*",
        hits="",
        link="https://flash.jin10.com/detail/{id}",
        title="data.title|data.content",
        date="time",
        body="data.content",
        markup=True,
    ),
    "juejin": Shape(hits="data", link="https://juejin.cn/post/{content.content_id}", title="content.title"),
    "openrouter": Shape(
        hits="data",
        named="id",
        link="https://openrouter.ai/{id}",
        title="name",
        date="created",
    ),
    "sina-roll": Shape(
        hits="result.data",
        link="{url}",
        title="title",
        date="ctime",
        outlet="media_name",
    ),
    "tencent": Shape(hits="data.tabs.0.articleList", link="{link_info.url}", title="title"),
    "thepaper": Shape(
        hits="data.hotNews",
        link="https://www.thepaper.cn/newsDetail_forward_{contId}",
        title="name",
        date="pubTimeLong",
    ),
    "toutiao": Shape(hits="data", link="https://www.toutiao.com/trending/{ClusterIdStr}/", title="Title"),
    "wallstreetcn": Shape(  # themes, advertisements and live broadcasts stand among the articles
        hits="data.items",
        only=("resource_type", "article"),
        link="{resource.uri}",
        title="resource.title",
        date="resource.display_time",
    ),
    "wallstreetcn-live": Shape(
        hits="data.items",
        link="{uri}",
        title="title|content_text",
        date="display_time",
        body="content",
    ),
    "zhihu": Shape(hits="data", link="{target.link.url}", title="target.title_area.text"),
}
"""By the name that a source's `adapter` gives."""
