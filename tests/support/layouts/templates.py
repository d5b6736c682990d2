"""The layouts: each draws a whole page around a story."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from dataclasses import dataclass

from tests.support.layouts.stories import Story

Draw = Callable[[Story], str]


@dataclass(frozen=True, slots=True)
class Layout:
    """One way to build a page: `shows` names what a reader sees beside title and text."""

    name: str
    render: Draw
    shows: frozenset[str]
    encoding: str = "utf-8"


LAYOUTS: list[Layout] = []


def layout(shows: str = "author source date", encodings: tuple[str, ...] = ("utf-8",)) -> Callable[[Draw], Draw]:
    """Register a function that draws a layout, once an encoding."""

    def register(draw: Draw) -> Draw:
        for encoding in encodings:
            name = draw.__name__ if encoding == "utf-8" else f"{draw.__name__}-{encoding}"
            LAYOUTS.append(Layout(name, draw, frozenset(shows.split()), encoding))
        return draw

    return register


def _p(story: Story, tag: str = "p", css: str = "") -> str:
    name = f' class="{css}"' if css else ""
    return "\n".join(f"<{tag}{name}>{html.escape(text, quote=False)}</{tag}>" for text in story.paragraphs)


def _teasers(story: Story, item: str = "li") -> str:
    return "\n".join(
        f'<{item}><a href="/s/{number}.html">{title}</a><p>{text}</p></{item}>'
        for number, (title, text) in enumerate(story.teasers)
    )


def _links(story: Story) -> str:
    return "".join(
        f'<li><a href="/s/{number}.html">{title}</a></li>' for number, (title, _) in enumerate(story.teasers)
    )


def _page(story: Story, body: str, head: str = "") -> str:
    words = story.words
    menu = "".join(f'<a href="/{number}/">{name}</a> ' for number, name in enumerate(("A", "B", "C", words["site"])))
    return (
        f'<!doctype html><html lang="{story.lang}"><head><title>{story.title} - {words["site"]}</title>{head}</head>'
        f'<body><div class="topbar">{menu}</div>{body}'
        f'<div class="bottom"><p>{words["copyright"]}</p></div></body></html>'
    )


def _dateline(story: Story) -> str:
    words = story.words
    return (
        f'<div class="info"><span>{story.shown_date}</span> <span>{words["source"]}{story.source}</span> '
        f"<span>{words['by']}{story.author}</span> <span>{words['read']}</span></div>"
    )


@layout()
def plain(story: Story) -> str:
    """An article element and little else."""
    return _page(story, f"<article><h1>{story.title}</h1>{_dateline(story)}{_p(story)}</article>")


@layout(encodings=("utf-8", "gb18030", "big5"))
def tables(story: Story) -> str:
    """A CMS of 2004: tables, line breaks, the wrong charset declared."""
    text = "<br><br>".join(f"\u3000\u3000{paragraph}" for paragraph in story.paragraphs)
    return _page(
        story,
        f'<table width="960"><tr><td width="200"><ul>{_links(story)}</ul></td><td><table><tr><td align="center">'
        f'<font size="5"><b>{story.title}</b></font></td></tr><tr><td>{_dateline(story)}</td></tr>'
        f'<tr><td class="f14">{text}<br><br>({story.words["editor"]})</td></tr></table></td></tr></table>',
        head='<meta http-equiv="content-type" content="text/html; charset=gb2312">',
    )


@layout()
def long_feed(story: Story) -> str:
    """Other articles under the article, with more text than it has."""
    feed = "\n".join(
        f'<div class="card"><h3><a href="/f/{number}.html">{title}</a></h3><p>{text} {text} {text} {text}</p></div>'
        for number, (title, text) in enumerate(story.teasers * 4)
    )
    return _page(
        story,
        f'<div class="wrap"><div class="left"><h1 class="t">{story.title}</h1>{_dateline(story)}'
        f'<div class="c">{_p(story)}</div></div><div class="more"><h2>{story.words["more"]}</h2>{feed}</div></div>',
    )


@layout()
def long_comments(story: Story) -> str:
    """Comments with more text than the article, in classes that say nothing."""
    posts = "\n".join(
        f'<div class="x9"><a href="/u/{number}">{name}</a><span>{number + 1}:0{number % 10}</span>'
        f"<div><p>{text} {text}</p></div></div>"
        for number, (name, text) in enumerate(story.replies * 9)
    )
    return _page(
        story,
        f'<div id="root"><h1>{story.title}</h1>{_dateline(story)}<div class="k1">{_p(story)}</div>'
        f'<div class="k2"><h3>{story.words["comments"]}</h3>{posts}</div></div>',
    )


@layout(shows="date")
def thread(story: Story) -> str:
    """A forum: the first post is the article."""
    texts = [(story.author, story.shown_date, _p(story))]
    texts += [
        (name, f"{story.shown_date[:4]}-12-0{n + 1} 10:1{n}", f"<p>{t}</p>")
        for n, (name, t) in enumerate(story.replies)
    ]
    posts = "\n".join(
        f'<div class="floor"><div class="who"><a href="/u/{name}">{name}</a></div><div class="when">{when}</div>'
        f'<div class="said">{text}</div></div>'
        for name, when, text in texts
    )
    return _page(story, f"<div><h1>{story.title}</h1>{posts}</div>")


@layout()
def utility(story: Story) -> str:
    """Utility classes only; the text beside a column of links."""
    return _page(
        story,
        f'<div class="flex px-4"><div class="w-2/3 md:mr-8"><h1 class="text-3xl font-bold">{story.title}</h1>'
        f"{_dateline(story)}{_p(story, css='mt-4 text-lg leading-7 print:text-sm')}</div>"
        f'<div class="w-1/3"><div class="font-bold">{story.words["more"]}</div><ul>{_links(story)}</ul></div></div>',
    )


@layout()
def in_aside(story: Story) -> str:
    """The article inside an aside, by mistake, and a class that promises comments."""
    return _page(
        story,
        f'<div class="page has-comments"><aside class="main-column"><h1>{story.title}</h1>{_dateline(story)}'
        f"<div>{_p(story)}</div></aside></div>",
    )


@layout()
def consent(story: Story) -> str:
    """A consent banner that is longer than a paragraph, before everything."""
    notice = " ".join([story.words["cookie"]] * 6)
    return _page(
        story,
        f'<div class="layer"><p>{notice}</p><p>{notice}</p></div><main><h1>{story.title}</h1>{_dateline(story)}'
        f"<div>{_p(story)}</div></main>",
    )


@layout()
def fragments(story: Story) -> str:
    """Every second paragraph in a wrapper of its own, pictures between them."""
    parts = "".join(
        f'<div class="frag-a1"><p>{text}</p></div><figure><img src="/{number}.jpg"></figure>'
        for number, text in enumerate(story.paragraphs)
    )
    return _page(story, f"<main><article><h1>{story.title}</h1>{_dateline(story)}{parts}</article></main>")


@layout(shows="author date")
def linked_data(story: Story) -> str:
    """JSON-LD holds everything, the page shows a teaser."""
    said = {
        "@context": "https://schema.org",
        "@graph": [
            {"@type": "WebSite", "name": story.words["site"]},
            {
                "@type": "NewsArticle", "headline": story.title, "articleBody": "\n\n".join(story.paragraphs),
                "datePublished": story.date + ("+08:00" if story.lang == "zh" else "+00:00"),
                "author": [{"@type": "Person", "name": story.author}],
            },
        ],
    }  # fmt: skip
    script = f'<script type="application/ld+json">{json.dumps(said, ensure_ascii=False)}</script>'
    return _page(story, f"<h1>{story.title}</h1><p>{story.paragraphs[0]}</p>", head=script)


@layout(shows="")
def drawn_from_state(story: Story) -> str:
    """Nothing but a state that scripts would draw the page from."""
    text = "".join(f"<p>{paragraph}</p>" for paragraph in story.paragraphs)
    state = {"props": {"pageProps": {"item": {"id": 7, "title": story.title, "contentHtml": text, "tags": ["a", "b"]}}}}
    script = json.dumps(state, ensure_ascii=True).replace("</", "<\\/")
    return _page(story, f'<div id="app"></div><script id="__NEXT_DATA__" type="application/json">{script}</script>')


@layout()
def next_article(story: Story) -> str:
    """Scrolling on shows the next article, with a heading of the same kind."""
    title, text = story.teasers[0]
    return _page(
        story,
        f'<div class="stream"><div class="piece"><h1 class="headline">{story.title}</h1>{_dateline(story)}'
        f"{_p(story)}</div>"
        f'<div class="piece"><h1 class="headline">{title}</h1>' + f"<p>{text}</p>" * 9 + "</div></div>",
    )


@layout()
def nested(story: Story) -> str:
    """Three hundred elements around the article."""
    return _page(story, f"<h1>{story.title}</h1>{_dateline(story)}" + "<div>" * 300 + _p(story) + "</div>" * 300)


@layout(shows="author date")
def microdata(story: Story) -> str:
    """Properties in the markup, a time element, captions and a call to subscribe between the paragraphs."""
    first, *rest = story.paragraphs
    return _page(
        story,
        f'<article itemscope><h1 itemprop="headline">{story.title}</h1><span itemprop="author">{story.author}</span>'
        f'<time itemprop="datePublished" datetime="{story.date}">{story.shown_date}</time>'
        f'<div itemprop="articleBody"><p>{first}</p><div class="newsletter-signup"><p>{story.words["cookie"]}</p></div>'
        + "".join(f"<p>{text}</p>" for text in rest)
        + f'</div><div class="share-bar">{story.words["share"]} <a href="#">X</a></div></article>',
    )


@layout()
def no_heading(story: Story) -> str:
    """The title in a div, the site's name in the h1."""
    return _page(
        story,
        f'<h1><a href="/">{story.words["site"]}</a></h1><div class="col"><div class="tit">{story.title}</div>'
        f'{_dateline(story)}<div id="zoom" class="TRS_Editor">{_p(story)}<p>{story.words["editor"]}</p></div></div>'
        f'<div class="col2"><ul>{_teasers(story)}</ul></div>',
    )


@layout()
def related_inside(story: Story) -> str:
    """Other headlines between the paragraphs, tags and notices after them."""
    middle = len(story.paragraphs) // 2
    box = f'<div class="related-box"><strong>{story.words["more"]}</strong><ul>{_links(story)}</ul></div>'
    head = "".join(f"<p>{text}</p>" for text in story.paragraphs[:middle])
    tail = "".join(f"<p>{text}</p>" for text in story.paragraphs[middle:])
    return _page(
        story,
        f'<div class="article-wrap"><h1>{story.title}</h1>{_dateline(story)}'
        f'<div class="article-content">{head}{box}{tail}'
        f'<p class="tags"><a href="/t/1">A</a> <a href="/t/2">B</a></p><p>{story.words["copyright"]}</p></div></div>',
    )


@layout()
def counters(story: Story) -> str:
    """What changes at every visit, in classes that say nothing: views, shares, replies, when the page was drawn."""
    words = story.words
    first, *rest = story.paragraphs
    share = f'{words["share"]} <a href="/go/1">A</a> <a href="/go/2">B</a> <a href="/go/3">C</a>'
    return _page(
        story,
        f'<div class="k0"><div>{words["drawn"]}2025-05-31 23:58:07</div><h1>{story.title}</h1>{_dateline(story)}'
        f'<div class="k1"><span>{words["read"]}</span> <span>{words["comments"]} 37</span> <span>{share}</span></div>'
        f'<div class="k2"><p>{first}</p><div class="k3"><span>{words["read"]}</span></div>'
        + "".join(f"<p>{text}</p>" for text in rest)
        + f'<div class="k4"><span>{words["comments"]} (37)</span> <span>{words["read"]}</span></div>'
        f'<div class="k5">{share}</div><p>{words["drawn"]}2025-05-31 23:58:07</p></div></div>',
    )
