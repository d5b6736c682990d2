"""The import borders, each a rule about folders (docs/architecture.md draws them), and the size of files."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted([*ROOT.glob("crawler/**/*.py"), *ROOT.glob("scheduler/**/*.py")])

GROUND = {"errors", "isolation", "limits", "model", "text"}
"""Imported by anyone; imports nothing of ours but each other."""

STAGES = {"claims", "dedupe", "extract", "relevance", "stories"}
"""What a page goes through. Pure, and strangers to each other."""

PURE = {*STAGES, "sources"}
"""Values in, values out: `now` is an argument."""

SCRAPY = {"crawl", "job", "middlewares", "pipelines", "settings", "spiders"}

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


def room(file: Path) -> str:
    """Return the room a file of ours stands in: the folder or flat module below `crawler/`, or `scheduler`."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    return parts[0] if parts[0] == "scheduler" else parts[1]


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


def rooms(file: Path) -> set[str]:
    """Return the rooms of `crawler/` that a file imports from."""
    return {name.split(".")[1] for name in imported(file) if name.startswith("crawler.")}


@pytest.mark.parametrize("file", FILES, ids=place)
def test_crawler_never_imports_scheduler(file: Path) -> None:
    """Only the command line, which stands above both, imports the scheduler."""
    if room(file) not in {"cli", "scheduler"}:
        assert not {name for name in imported(file) if name.split(".")[0] == "scheduler"}


@pytest.mark.parametrize("file", FILES, ids=place)
def test_scrapy_stays_in_its_rooms(file: Path) -> None:
    """Scrapy and Twisted are imported by the crawl and by the scheduler that starts it."""
    if room(file) not in {*SCRAPY, "scheduler"}:
        assert not {name for name in imported(file) if name.split(".")[0] in {"scrapy", "twisted"}}


@pytest.mark.parametrize("file", FILES, ids=place)
def test_sql_stays_in_corpus(file: Path) -> None:
    """Only crawler/corpus talks to SQLite."""
    if room(file) != "corpus":
        assert not {name for name in imported(file) if name.split(".")[0] in {"sqlite3", "sqlite_utils"}}


@pytest.mark.parametrize("file", [each for each in FILES if room(each) in PURE], ids=place)
def test_pure_rooms_import_nothing_impure(file: Path) -> None:
    """A stage or a source's parser imports no clock, file, network, database or dice, and not the corpus."""
    assert not imported(file) & IMPURE
    assert "corpus" not in rooms(file)


@pytest.mark.parametrize("file", [each for each in FILES if room(each) in STAGES], ids=place)
def test_stages_are_strangers(file: Path) -> None:
    """No stage imports another."""
    assert rooms(file) & STAGES <= {room(file)}


@pytest.mark.parametrize("file", [each for each in FILES if room(each) in GROUND], ids=place)
def test_the_ground_imports_only_itself(file: Path) -> None:
    """A module on the ground imports nothing of ours but others on the ground."""
    assert rooms(file) <= GROUND


def test_file_names_are_unique() -> None:
    """A file's name says which file it is."""
    names = Counter(each.stem for each in FILES if each.stem not in {"__init__", "__main__"})
    assert {name: count for name, count in names.items() if count > 1} == {}


@pytest.mark.parametrize("file", FILES, ids=place)
def test_files_fit_the_hand(file: Path) -> None:
    """No file has more lines than a reader keeps in mind."""
    assert len(file.read_text(encoding="utf-8").splitlines()) <= MAX_LINES
