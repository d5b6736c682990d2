"""Several dozen invented news pages: stories in three scripts, each in every layout. Nothing here was ever published.

The layouts are shaped like what publishers use (a CMS of 2004, utility classes, a page drawn from its state, a thread);
names, texts and class names are made up. `pages` gives bytes as a server would send them and what is right about them.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.layouts.stories import STORIES, Story
from tests.support.layouts.templates import LAYOUTS, Layout

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True, kw_only=True)
class Invented:
    """One page and its gold.

    Attributes:
        name: layout and story.
        url: where it would be.
        html: its bytes.
        title: its headline.
        body: its paragraphs, one a line.
        author: who wrote it; None where the layout does not show one.
        source: whom it credits (来源); None likewise.
        date: local time, ISO, to the minute; None likewise.
        lang: "zh" or "en".
    """

    name: str
    url: str
    html: bytes
    title: str
    body: str
    author: str | None
    source: str | None
    date: str | None
    lang: str


def pages() -> Iterator[Invented]:
    """Yield every story in every layout that can carry it."""
    for layout in LAYOUTS:
        for story in STORIES:
            if layout.encoding == "big5" and story.script != "traditional":
                continue
            if layout.encoding == "gb18030" and story.script != "simplified":
                continue
            yield _page(layout, story)


def digest(invented: list[Invented]) -> str:
    """Return the sha256 of everything measured: a floor holds for these very pages."""
    said = json.dumps([(page.name, page.html.hex(), page.body) for page in invented])
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _page(layout: Layout, story: Story) -> Invented:
    shows = layout.shows
    return Invented(
        name=f"{layout.name}/{story.name}",
        url=f"https://news.example.{'cn' if story.lang == 'zh' else 'org'}/{layout.name}/{story.name}.html",
        html=layout.render(story).encode(layout.encoding),
        title=story.title,
        body="\n".join(story.paragraphs),
        author=story.author if "author" in shows else None,
        source=story.source if "source" in shows else None,
        date=story.date if "date" in shows else None,
        lang=story.lang,
    )
