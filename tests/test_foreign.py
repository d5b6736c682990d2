"""Files from elsewhere, merged: nothing in one runs, hangs, or writes what it is not asked for; all is told."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from crawler.corpus.store import Corpus
from crawler.errors import CorpusError
from tests.test_merge import MANY, held, merged, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def shard(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a shard and runs statements on it, as whoever made it may, its guards gone."""

    def shard(*statements: str) -> Path:
        path = write(tmp_path / "shard.db", MANY)
        conn = sqlite3.connect(path, isolation_level=None)
        for kind, name in conn.execute("SELECT type, name FROM sqlite_master WHERE type IN ('trigger', 'view')"):
            conn.execute(f"DROP {kind} {name}")
        for statement in statements:
            conn.execute(statement)
        conn.close()
        return path

    return shard


ENDLESS = "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x what, x at FROM c WHERE x < 0"


@pytest.mark.parametrize(
    ("statements", "table"),
    [
        (["""ALTER TABLE sources RENAME outlet TO "url = 'https://attacker.example/feed' --" """], "sources"),
        (["ALTER TABLE hosts ADD COLUMN evil TEXT"], "hosts"),
        (["DROP TABLE sightings"], "sightings"),
        (["ALTER TABLE tombstones RENAME TO t", f"CREATE VIEW tombstones AS {ENDLESS}"], "tombstones"),
        (["ALTER TABLE meta RENAME TO m", "CREATE VIEW meta AS SELECT 'topic_id' AS key, 'x' AS value"], "meta"),
        (["CREATE TRIGGER evil AFTER DELETE ON leads BEGIN DELETE FROM articles; END"], "trigger"),
    ],
)
def test_what_is_laid_otherwise_is_refused(
    statements: list[str], table: str, shard: Callable[..., Path], tmp_path: Path
) -> None:
    """A column that is half a statement, one too many, a view in place of a table, a trigger: told, nothing changed."""
    db = write(tmp_path / "c.db", MANY[:2])
    before = everything(db)
    with pytest.raises(CorpusError, match=rf"shard\.db: .*{table}"):
        merged(db, [shard(*statements)])
    assert everything(db) == before


def test_migrations_that_are_a_view_are_none(shard: Callable[..., Path], tmp_path: Path) -> None:
    """What says of itself which houxu wrote it is read as a table only."""
    path = shard("ALTER TABLE _sqlite_migrations RENAME TO m", f"CREATE VIEW _sqlite_migrations AS {ENDLESS}")
    with pytest.raises(CorpusError, match="not a corpus"):
        merged(tmp_path / "c.db", [path])


def everything(db: Path) -> list[object]:
    """Return what a corpus holds, its sources' state and its hosts' too."""
    with Corpus(db, read_only=True) as corpus:
        return [corpus.rows("SELECT * FROM sources"), corpus.rows("SELECT * FROM hosts"), held(db)]
