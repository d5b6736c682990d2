"""The pages in front of Datasette: front, search, claims, story, article. A Datasette plugin."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from datasette import hookimpl
from datasette.utils.asgi import NotFound, Response

from crawler.browse import drawing
from crawler.corpus import browse_queries
from crawler.corpus.store import Corpus
from crawler.limits import EDITS_PER_PAGE
from crawler.text.web_addresses import is_web_url

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from datasette.app import Datasette
    from datasette.utils.asgi import Request

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""Our pages run nothing and load nothing but their own two files, whatever a headline holds."""


@hookimpl
def prepare_connection(conn: Any) -> None:
    """Bound what a person's SQL may take."""
    browse_queries.bound(conn)


@hookimpl
def register_routes() -> list[tuple[str, Any]]:
    """Put our pages before Datasette's."""
    return [
        (r"^/$", front),
        (r"^/search$", search),
        (r"^/claims$", claims),
        (r"^/story/(?P<id>\d{1,18})$", story),
        (r"^/article/(?P<id>\d{1,18})$", article),
    ]


@hookimpl
def menu_links() -> list[dict[str, str]]:
    """Lead back from Datasette's own pages."""
    return [
        {"href": "/", "label": "Front page"},
        {"href": "/search", "label": "Search"},
        {"href": "/claims", "label": "Claims"},
    ]


@hookimpl
def extra_template_vars(datasette: Datasette) -> dict[str, Any]:
    """Give every page its topic, and the SQL pages' address."""
    path = getattr(datasette, "houxu_path", None)
    if path is None:
        return {}
    return {
        "topic": datasette.houxu_topic,
        "sql": datasette.urls.database(path.stem),
        "script_of": drawing.script_of,
        "amount": drawing.amount,
        "raw_marked": _raw_marked,
        "day": _day,
        "web": _web,
    }


def _raw_marked(row: Mapping[str, Any]) -> tuple[drawing.Piece, ...]:
    """Return a claim's sentence, its number marked."""
    return drawing.pieces(row["sentence"], [(row["raw_start"], row["raw_start"] + len(row["raw"]))])


def _day(at: str | None) -> str:
    return (at or "")[:10]


def _web(url: str | None) -> str:
    """Return a link's target: a web address or nothing, so that no javascript: is ever one."""
    return url if url and is_web_url(url) else ""


async def front(datasette: Datasette, request: Request) -> Response:
    """Show what a person wants first."""

    def look(corpus: Corpus) -> Any:
        now = datetime.now(UTC)
        return browse_queries.front(corpus) | {"bursts": corpus.bursts(now - timedelta(days=1), now)}

    shown = await _read(datasette, look)
    return await _page(datasette, request, "front", **shown, bars=drawing.bars(shown["days"]))


async def search(datasette: Datasette, request: Request) -> Response:
    """Answer anything a person types."""
    asked = {
        name: (request.args.get(name) or "").strip() for name in ("q", "outlet", "lang", "since", "until", "newest")
    }
    since, until = _date(asked["since"]), _date(asked["until"])

    def look(corpus: Corpus) -> Any:
        found = corpus.search(
            asked["q"],
            outlet=asked["outlet"] or None,
            lang=asked["lang"] or None,
            since=since,
            until=_day_after(until) if until else None,
            newest=bool(asked["newest"]),
            limit=50,
        )
        return found, browse_queries.outlets(corpus)

    found, outlets = await _read(datasette, look)
    results = [(each, drawing.pieces(each.excerpt, each.hits)) for each in found]
    return await _page(datasette, request, "search", asked=asked, results=results, outlets=outlets)


async def claims(datasette: Datasette, request: Request) -> Response:
    """Show what became of each claim: a line per value over time, and the ledger with its quotes."""
    shown = await _read(datasette, browse_queries.claims)
    return await _page(
        datasette,
        request,
        "claims",
        claims=[(claim, drawing.lines(claim["ledger"], claim["sightings"])) for claim in shown],
    )


async def story(datasette: Datasette, request: Request) -> Response:
    """Show a story's articles in time order, copies beneath what they copy."""
    number = int(request.url_vars["id"])
    shown = await _read(datasette, lambda corpus: browse_queries.story(corpus, number))
    if shown is None:
        raise NotFound(f"There is no story {number}")
    return await _page(datasette, request, "story", story=shown, nodes=drawing.tree(shown["coverage"]))


async def article(datasette: Datasette, request: Request) -> Response:
    """Show an article: its text with the deciding terms marked, its revisions side by side, what it copies."""
    number = int(request.url_vars["id"])

    def look(corpus: Corpus) -> Any:
        shown = browse_queries.article(corpus, number)
        return shown and (shown, *_marked(shown))

    found = await _read(datasette, look)
    if found is None:
        raise NotFound(f"There is no article {number}")
    shown, marked, edits = found
    earlier = len(shown["texts"]) - 1 - len(edits)
    return await _page(datasette, request, "article", shown=shown, marked=marked, edits=edits, earlier=earlier)


def _marked(shown: Mapping[str, Any]) -> tuple[dict[str, Any], list[tuple[Any, Any, list[drawing.Pair]]]]:
    """Return an article's title and body with the deciding terms marked, and its last edits, the newest first."""
    texts = shown["texts"]
    hits = shown["verdict"]["terms"] if shown["verdict"] else []
    marked = {
        field: drawing.pieces(texts[-1][field], drawing.term_spans(texts[-1][field], hits, field))
        for field in ("title", "body")
    }
    edits = [
        (before, after, drawing.compare(f"{before['title']}\n{before['body']}", f"{after['title']}\n{after['body']}"))
        for before, after in pairwise(texts[-EDITS_PER_PAGE - 1 :])
    ]
    return marked, edits[::-1]


async def _read(datasette: Datasette, look: Callable[[Corpus], Any]) -> Any:
    """Read the corpus in a thread, on a connection of its own."""

    def run() -> Any:
        with Corpus(datasette.houxu_path, read_only=True) as corpus:
            return look(corpus)

    return await asyncio.to_thread(run)


async def _page(datasette: Datasette, request: Request, name: str, **shown: Any) -> Response:
    html = await datasette.render_template(f"houxu_{name}.html", shown, request=request)
    return Response.html(html, headers={"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer"})


def _date(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None


def _day_after(day: datetime) -> datetime | None:
    """Return the next day; None after the last that a calendar has, before which everything was published."""
    try:
        return day + timedelta(days=1)
    except OverflowError:
        return None
