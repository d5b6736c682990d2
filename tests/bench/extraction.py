"""How well articles are extracted, and how fast, beside the peers that are installed.

On ../shared/bench where it is, else on the invented layouts. Peers: trafilatura, magic-html (it asks for Python 3.12
and runs on 3.11), readability-lxml, gne, newspaper4k, resiliparse. All run on each page in turn in one process; speed
is pages per CPU-second. Body: F1 of mean precision and mean recall of 4-grams, one token a Chinese character. Minute:
the same wall clock or the same instant. Source: exact names, over pages that credit one.
"""

from __future__ import annotations

import difflib
import gzip
import json
import re
import time
from collections import Counter, defaultdict
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

from crawler.extract.blocks import blocks_of
from crawler.extract.tree import parse
from crawler.text.charset import decode
from tests.bench.adapters import extract
from tests.bench.tables import Table
from tests.support.layouts import pages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.bench.tables import Cell

DATA = Path(__file__).parents[2] / "../shared/bench/extract/data"
SETS = ("aeb", "magic", "cwced", "gne", "fundus", "traf")
BY_HAND = SETS[:4]
NEAR = 0.9
"""Share of a title's letters, in order, from which two titles are near."""

Said = dict[str, Any]

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_TOKEN = re.compile(f"[{_CJK}]|[^\\W{_CJK}]+")


def run(quick: bool) -> Iterator[Table]:
    """Run everything on every page and yield one table a set, and some over several."""
    runs = {"houxu": extract, **peers()}
    tables: dict[str, dict[str, list[Said]]] = defaultdict(lambda: defaultdict(list))
    for name, gold, html in labelled(SETS, 5 if quick else None):
        for runner, read in runs.items():
            start = time.process_time()
            found: Said = {}
            with suppress(Exception):  # a peer that fails on a page found nothing there
                found = read(html, gold["url"])
            score = scored(gold, found) | {"seconds": time.process_time() - start}
            for table in (name, *_groups(name, gold)):
                tables[table][runner].append(score)
    for title, scores_by_runner in tables.items():
        yield Table(title, _COLUMNS, [_row(runner, scores) for runner, scores in scores_by_runner.items()])


def _groups(name: str, gold: Said) -> Iterator[str]:
    """Yield the tables over several sets that a page is in: those whose bodies people have marked, and languages."""
    yield "all sets"
    if name in BY_HAND:
        yield "bodies marked by people"
        if gold.get("lang") in {"zh", "en"}:
            yield f"bodies marked by people, {gold['lang']}"


def peers() -> dict[str, Callable[[bytes, str], Said]]:
    """Return the peers that are installed, by name."""
    known = {
        "trafilatura": ("trafilatura", _trafilatura),
        "magic-html": ("magic_html", _magic),
        "readability": ("readability", _readability),
        "gne": ("gne", _gne),
        "newspaper4k": ("newspaper", _newspaper),
        "resiliparse": ("resiliparse", _resiliparse),
    }
    found: dict[str, Callable[[bytes, str], Said]] = {}
    for name, (module, run) in known.items():
        if find_spec(module):
            with suppress(ImportError):  # installed, but not what it stands on
                import_module(module)
                found[name] = run
    return found


def labelled(sets: list[str] | tuple[str, ...], limit: int | None) -> Iterator[tuple[str, Said, bytes]]:
    """Yield set, gold and bytes of each page."""
    if not DATA.is_dir():
        for page in pages():
            authors = [page.author] if page.author else None
            gold = {"url": page.url, "title": page.title, "body": page.body, "lang": page.lang, "authors": authors}
            gold |= {"date": page.date, "source": page.source if page.lang == "zh" else None}
            yield "invented layouts", {key: value for key, value in gold.items() if value}, page.html
        return
    for name in sets:
        for gold in json.loads((DATA / name / "gold.json").read_text("utf-8"))[:limit]:
            yield name, gold, gzip.decompress((DATA / name / f"{gold['id']}.html.gz").read_bytes())


def scored(gold: Said, found: Said) -> Said:
    """Return the score of one page, for what its gold says."""
    score: Said = {}
    if "body" in gold:
        true, guess = grams(gold["body"]), grams(found.get("body") or "")
        both = (true & guess).total()
        score["body"] = (both / guess.total() if guess else None, both / true.total() if true else None)
    if "with" in gold:
        text = " ".join((found.get("body") or "").split())
        score["segments"] = (
            sum(" ".join(part.split()) in text for part in gold["with"]),
            sum(" ".join(part.split()) in text for part in gold["without"]),
            len(gold["with"]),
        )
    if "title" in gold:
        score["title"] = _near(_bare(gold["title"]), _bare(found.get("title") or ""))
    if "authors" in gold:
        true_names, names = (
            {_bare(name) for name in gold["authors"]},
            {_bare(name) for name in found.get("authors") or ()},
        )
        score["authors"] = 2 * len(true_names & names) / (len(true_names) + len(names))
    if "date" in gold:
        score["day"], score["minute"] = _same(gold["date"], found.get("date"))
    if gold.get("source"):
        name = found.get("source") or ""
        score["source"] = (bool(name) and _bare(name) == _bare(gold["source"]), bool(name))
    return score


_COLUMNS = (
    "runner", "pages", "body P", "R", "F1", "segments F1", "title", "authors", "day", "minute", "source P", "R",
    "pages a CPU-second",
)  # fmt: skip


def _row(runner: str, scores: list[Said]) -> list[Cell]:
    """Return one runner's line: what was measured, None where the set's gold does not say."""
    bodies = [score["body"] for score in scores if "body" in score]
    segments = [score["segments"] for score in scores if "segments" in score]
    cells: list[Cell] = [*_precision_recall(bodies), body_f1(bodies)] if bodies else [None] * 3
    cells.append(segments_f1(segments) if segments else None)
    for key in ("title", "authors", "day", "minute"):
        values = [score[key] for score in scores if score.get(key) is not None]
        cells.append(mean(values) if values else None)
    sources = [score["source"] for score in scores if "source" in score]
    right, said = (sum(column) for column in zip(*sources, strict=True)) if sources else (0, 0)
    cells += [right / said, right / len(sources)] if said else [None, None]
    return [runner, len(scores), *cells, len(scores) / sum(score["seconds"] for score in scores)]


def body_f1(bodies: Sequence[tuple[float | None, float | None]]) -> float:
    """Return F1 of mean precision, over pages that gave something, and mean recall."""
    precision, recall = _precision_recall(bodies)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def segments_f1(segments: Sequence[tuple[int, int, int]]) -> float:
    """Return F1 of segments found: right, wrong and wanted of each page."""
    right, wrong, wanted = (sum(column) for column in zip(*segments, strict=True))
    return float(2 * right / (right + wrong + wanted))


def _precision_recall(bodies: Sequence[tuple[float | None, float | None]]) -> tuple[float, float]:
    precision = [p for p, _ in bodies if p is not None]
    recall = [r for _, r in bodies if r is not None]
    return mean(precision or [0.0]), mean(recall or [0.0])


def grams(text: str) -> Counter[tuple[str, ...]]:
    """Return the 4-grams of a text, one token a Chinese character; of a shorter text the one it is."""
    tokens = _TOKEN.findall(text)
    return Counter(tuple(tokens[at : at + 4]) for at in range(max(1, len(tokens) - 3)) if tokens)


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower()


def _near(one: str, other: str) -> bool:
    return one == other or difflib.SequenceMatcher(None, one, other, autojunk=False).ratio() >= NEAR


def _same(gold: str, found: object) -> tuple[bool, bool | None]:
    """Return whether a date is of the same day, and of the same minute; None where the gold has no time."""
    try:
        true = datetime.fromisoformat(gold)
    except ValueError:  # some gold has a month only
        return True, None
    timed = "T" in gold
    said = found if isinstance(found, datetime) else None
    with suppress(ValueError):
        said = said or datetime.fromisoformat(str(found))
    if said is None:
        return False, False if timed else None
    there = said.astimezone(true.tzinfo) if true.tzinfo and said.tzinfo else said
    day = true.date() in (said.date(), there.date())
    if not timed:
        return day, None
    walls = {true.replace(tzinfo=None, second=0, microsecond=0)}
    if true.tzinfo and not said.tzinfo:
        walls.add(true.astimezone(UTC).replace(tzinfo=None, second=0, microsecond=0))
    return day, there.replace(tzinfo=None, second=0, microsecond=0) in walls


def _trafilatura(html: bytes, url: str) -> Said:
    found = import_module("trafilatura").bare_extraction(html, url=url, with_metadata=True, include_comments=False)
    if found is None:
        return {}
    return {"title": found.title, "body": found.text, "authors": (found.author or "").split("; "), "date": found.date}


def _magic(html: bytes, url: str) -> Said:
    found = _magic_extractor().extract(decode(html, {})[0], base_url=url, html_type="article")
    blocks, _ = blocks_of(parse(found["html"]).body)
    return {"title": found.get("title"), "body": "\n".join(block.text for block in blocks)}


@cache
def _magic_extractor() -> Any:
    return import_module("magic_html").GeneralExtractor()


def _readability(html: bytes, url: str) -> Said:
    document = import_module("readability").Document(decode(html, {})[0], url=url)
    text = import_module("lxml.html").fromstring(document.summary(html_partial=True)).text_content()
    return {"title": document.short_title(), "body": text}


def _gne(html: bytes, _url: str) -> Said:
    found = import_module("gne").GeneralNewsExtractor().extract(decode(html, {})[0])
    return {
        "title": found["title"],
        "body": found["content"],
        "authors": [found["author"]],
        "date": found["publish_time"],
    }


def _newspaper(html: bytes, url: str) -> Said:
    article = import_module("newspaper").Article(url, fetch_images=False)  # else it asks the network for each
    article.download(input_html=decode(html, {})[0])
    article.parse()
    return {"title": article.title, "body": article.text, "authors": article.authors, "date": article.publish_date}


def _resiliparse(html: bytes, _url: str) -> Said:
    tree = import_module("resiliparse.parse.html").HTMLTree.parse(decode(html, {})[0])
    plain = import_module("resiliparse.extract.html2text").extract_plain_text
    return {"title": tree.title, "body": plain(tree, main_content=True)}
