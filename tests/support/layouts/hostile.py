"""Shapes of pages made to be slow: each is a function of its size whose page grows in proportion to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_TEXT = "The committee decided on Monday, 3 May 2021, that all would stay as it was, and went home. "
_LINK = '<a href="/n/{0}.html">A headline that is a link, number {0}</a>'


def _each(template: str) -> Callable[[int], str]:
    """Return a shape that repeats a template, its number in the place of {0}."""
    return lambda size: "<h1>The committee decided</h1>" + "".join(template.format(at, at // 3) for at in range(size))


def _script(template: str, kind: str = "application/ld+json") -> Callable[[int], str]:
    return lambda size: f"<p>{_TEXT * 9}</p><script type='{kind}'>{template * size}</script>"


SHAPES: dict[str, Callable[[int], str]] = {
    "unclosed tags": _each(f"<div class=c{{1}}><p><span>{_TEXT}"),
    "nested": lambda size: "<div class=comment>" * size + _TEXT * 9,
    "nested with text": lambda size: (f"<div itemprop=articleBody>{_TEXT}" * 100 + "</div>" * 100) * (size // 100),
    "table": lambda size: "<table>" + _each(f"<tr><td>{_TEXT}<td>{_LINK}")(size) + "</table>",
    "links": _each(_LINK),
    "headings": _each(f"<h1 class=h>Number {{0}} of the headings</h1><p>{_TEXT}</p>"),
    "headings and titles": lambda size: (
        _each('<meta property="og:title" content="Title {0} of the page">')(size) + _each("<h1>Heading {0}</h1>")(size)
    ),
    "siblings of one kind": _each(f"<div class=i><a href=/u>name</a> 10:01<p>{_TEXT}</p></div>"),
    "siblings of many kinds": _each(f"<div class=i{{1}}>{_LINK}<p>{_TEXT}</p></div>"),
    "cousins": _each(f"<div><div class=c><p>{_TEXT}</p></div></div>"),
    "doubts": _each(f'<div class="share s{{0}}"><p>{_TEXT}</p></div>'),
    "dates": _each(f"<p>2021-05-03 10:00 {_TEXT}</p>"),
    "times": _each("<div><time datetime=2021-05-03>then</time></div>"),
    "declared": _each('<meta name="author" content="Name N{0}"><meta name="date" content="x{0}">'),
    "properties": _each(f'<span itemprop="author">Name N{{0}}</span><p>{_TEXT}</p>'),
    "attributes": lambda size: "<p " + " ".join(f"a{at}=1" for at in range(size)) + f">{_TEXT * 9}",
    "one line": lambda size: f"<p>{_TEXT * size}",
    "spaces": lambda size: f"<p>{_TEXT}{' ' * 50 * size}{_TEXT}",
    "open comments": _script("/* "),
    "open lines": _script("\n \n"),
    "open arrays": _script("["),
    "commas": _script(", "),
    "articles declared": lambda size: (
        f"<p>{_TEXT}" + '<script type="application/ld+json">{"@type": "Article"}</script>' * size
    ),
    "state": _script(f'{{"text": "{_TEXT * 3}"}}, ', "text/javascript"),
    "open strings": _script('text: "', "text/javascript"),
    "keys": _script("abcdefghij : ", "text/javascript"),
    "open dates": _script('"datePublished" ', "text/javascript"),
}  # fmt: skip
"""By name. None nests deeper than its size; libxml2 gives up at 2,048."""
