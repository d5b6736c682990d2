"""DESIGN's import rule, and the size of our files."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted([*ROOT.glob("crawler/**/*.py"), *ROOT.glob("scheduler/**/*.py")])

GROUND = {
    "changes",
    "charset",
    "dates",
    "errors",
    "furniture",
    "grams",
    "model",
    "numbers",
    "plural",
    "spellings",
    "storable",
    "text",
    "threads",
    "web",
}
"""Modules that stand on the ground: pure, and imported by anyone."""

STAGES = {
    "claims": "crawler/claims/",
    "extract": "crawler/extract/",
    "relevance": "crawler/relevance",
    "dedupe": "crawler/dedupe/",
    "stories": "crawler/stories/",
    "health": "crawler/health.py",
    "polling": "crawler/polling.py",
    "revisits": "crawler/revisits.py",
}
"""Pure: values in, values out. None imports another."""

PURE_PARSERS = {"answers", "entries", "feed", "listing", "search", "shapes", "signals", "sitemap"}

SCRAPY_ROOMS = (
    "crawler/spiders/",
    "crawler/middlewares/",
    "crawler/settings.py",
    "crawler/pipelines.py",
    "crawler/crawl.py",
)

IMPURE = {
    "asyncio",
    "os",
    "random",
    "requests",
    "scrapy",
    "shutil",
    "socket",
    "sqlite3",
    "sqlite_utils",
    "subprocess",
    "tempfile",
    "time",
    "twisted",
    "urllib.request",
}
"""What a pure module does not import: clocks, files, networks, databases, dice."""

MAX_LINES = 350


def place(file: Path) -> str:
    """Return a file's path within the project."""
    return file.relative_to(ROOT).as_posix()


def imported(file: Path) -> set[str]:
    """Return every module a file imports, those inside functions and type-checking blocks included."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def stage_of(module: str) -> str | None:
    """Return the stage a module belongs to."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[0] == "crawler" and parts[1] in STAGES else None


@pytest.mark.parametrize("file", FILES, ids=place)
def test_crawler_never_imports_scheduler(file: Path) -> None:
    """Only the command line, which stands above both, may."""
    if place(file).startswith("crawler/") and not place(file).startswith("crawler/cli/"):
        assert not {name for name in imported(file) if name.split(".")[0] == "scheduler"}


@pytest.mark.parametrize("file", FILES, ids=place)
def test_scrapy_stays_in_its_rooms(file: Path) -> None:
    """Scrapy and Twisted live in spiders, middlewares, settings, pipelines and crawl."""
    if not place(file).startswith((*SCRAPY_ROOMS, "scheduler/")):
        assert not {name for name in imported(file) if name.split(".")[0] in {"scrapy", "twisted"}}


@pytest.mark.parametrize("file", FILES, ids=place)
def test_sql_stays_in_corpus(file: Path) -> None:
    """Only crawler/corpus talks to SQLite."""
    if not place(file).startswith("crawler/corpus/"):
        assert not {name for name in imported(file) if name.split(".")[0] in {"sqlite3", "sqlite_utils"}}


@pytest.mark.parametrize("file", FILES, ids=place)
def test_stages_are_pure_and_strangers(file: Path) -> None:
    """A stage imports no clock, file, network, database or dice, and no other stage."""
    own = next((name for name, path in STAGES.items() if place(file).startswith(path)), None)
    if own is None:
        return
    names = imported(file)
    assert not names & IMPURE
    assert not {name for name in names if name.startswith("crawler.corpus")}
    assert {stage_of(name) for name in names} <= {None, own}


@pytest.mark.parametrize("name", sorted(PURE_PARSERS))
def test_parsers_are_pure(name: str) -> None:
    """A kind's parser knows neither Scrapy nor the corpus."""
    files = [*ROOT.glob(f"crawler/spiders/{name}.py"), *ROOT.glob(f"crawler/spiders/{name}/*.py")]
    assert files
    for file in files:
        names = imported(file)
        assert not names & IMPURE
        assert not {each for each in names if each.startswith("crawler.corpus")}


@pytest.mark.parametrize("name", sorted(GROUND))
def test_the_ground_bears_only_itself(name: str) -> None:
    """A module on the ground imports nothing of ours but others on the ground."""
    files = [*ROOT.glob(f"crawler/{name}.py"), *ROOT.glob(f"crawler/{name}/*.py")]
    assert files
    assert {each.split(".")[1] for file in files for each in imported(file) if each.startswith("crawler.")} <= GROUND


@pytest.mark.parametrize("file", FILES, ids=place)
def test_files_fit_the_hand(file: Path) -> None:
    """No file is a house with too many rooms."""
    assert len(file.read_text(encoding="utf-8").splitlines()) <= MAX_LINES
