"""Files from elsewhere, merged: nothing in one runs, hangs, or writes what it is not asked for; all is told."""

from __future__ import annotations

import resource
import sqlite3
import sys
from datetime import UTC, datetime
from importlib import resources
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from crawler.cli import main
from crawler.corpus.forgetting import forget
from crawler.corpus.merging import rows as union
from crawler.corpus.store import Corpus
from crawler.errors import CorpusError
from crawler.model import stamp
from crawler.text.plural import counted
from scheduler.rates import Rates
from tests.archives.test_merge import MANY, TOPIC, held, merged, write
from tests.test_path import NOON

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

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
        conn.execute("INSERT INTO hosts (host) VALUES ('bao.test')")
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


LONG = "replace(hex(zeroblob(200001)), '00', 'x')"
STACKED = "\u0301" * 20 + "\u0316" * 20


@pytest.mark.parametrize(
    ("statement", "column"),
    [
        ("UPDATE sources SET rates = 'no JSON'", "sources.rates"),
        ('UPDATE sources SET rates = \'{"gap": "long"}\'', "sources.rates"),
        ("UPDATE sources SET rates = '{\"gap\": [1]}'", "sources.rates"),
        ("UPDATE sources SET rates = '{\"day\": [NaN]}'", "sources.rates"),
        ("UPDATE hosts SET crawl_delay = 1e9", "hosts.crawl_delay"),
        ("UPDATE sources SET checked_at = '9999'", "sources.checked_at"),
        ("UPDATE sources SET url = 'file:///etc/passwd'", "sources.url"),
        ("UPDATE sources SET errors = -1", "sources.errors"),
        ("UPDATE leads SET url = 'javascript:alert(' || id || ')'", "leads.url"),
        ("UPDATE visits SET at = 'yesterday'", "visits.at"),
        ("UPDATE visits SET url = 'javascript:alert(1)'", "verdicts.url"),
        ("UPDATE verdicts SET terms = 'no JSON'", "verdicts.terms"),
        ('UPDATE verdicts SET terms = \'[{"term": 1, "evil": 2}]\'', "verdicts.terms"),
        ("UPDATE verdicts SET score = 9e999", "verdicts.score"),
        ("UPDATE articles SET url = 'javascript:alert(' || id || ')'", "articles.url"),
        (f"UPDATE revisions SET body = {LONG}", "revisions.body"),
        (f"UPDATE revisions SET body = 'x' || char(0) || {LONG}", "revisions.body"),
        (f"UPDATE revisions SET body = 'a{STACKED}'", "revisions.body"),
        ("UPDATE revisions SET authors = '5'", "revisions.authors"),
        ("UPDATE revisions SET authors = '[5]'", "revisions.authors"),
        ("UPDATE revisions SET evidence = '[1]'", "revisions.evidence"),
        ("UPDATE revisions SET published_at = '2025-12-17'", "revisions.published_at"),
        ("DELETE FROM revisions", r"\w+ name rows of revisions"),
        ("DELETE FROM sources", r"\w+ name rows of sources"),
        ("INSERT INTO tombstones VALUES ('short', '2026-01-01T00:00:00Z')", "tombstones.what"),
    ],
)
def test_what_houxu_never_writes_is_refused(
    statement: str, column: str, shard: Callable[..., Path], tmp_path: Path
) -> None:
    """JSON that is none, times that are none, links to no web page, a text too long: named, and nothing is merged."""
    db = write(tmp_path / "c.db", MANY[:2])
    before = everything(db)
    path = shard(statement)
    with pytest.raises(CorpusError, match=rf"shard\.db: its {column}\b.*nothing of it was merged"):
        merged(db, [path])
    assert everything(db) == before


def test_bytes_in_a_column_of_text_are_refused(shard: Callable[..., Path], tmp_path: Path) -> None:
    """A file whose table was loose for a moment holds them, whatever its table says now."""
    loose, strict = "') WITHOUT ROWID'", "') STRICT, WITHOUT ROWID'"
    path = shard(
        "PRAGMA writable_schema = ON",
        f"UPDATE sqlite_master SET sql = replace(sql, {strict}, {loose}) WHERE name = 'sources'",
        "PRAGMA writable_schema = RESET",
        "UPDATE sources SET outlet = x'00ff'",
        "PRAGMA writable_schema = ON",
        f"UPDATE sqlite_master SET sql = replace(sql, {loose}, {strict}) WHERE name = 'sources'",
    )
    with pytest.raises(CorpusError, match=r"sources\.outlet"):
        merged(tmp_path / "c.db", [path])


def test_migrations_that_are_a_view_are_none(shard: Callable[..., Path], tmp_path: Path) -> None:
    """What says of itself which houxu wrote it is read as a table only."""
    path = shard("ALTER TABLE _sqlite_migrations RENAME TO m", f"CREATE VIEW _sqlite_migrations AS {ENDLESS}")
    with pytest.raises(CorpusError, match="another program"):
        merged(tmp_path / "c.db", [path])


def lost(path: Path) -> None:
    """Let a pages file be gone."""
    path.unlink()


def junk(path: Path) -> None:
    """Let it be something else."""
    path.write_bytes(b"not a database" * 100)


def cut(path: Path) -> None:
    """Let it end in its middle."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def other(path: Path) -> None:
    """Let it have a table of that name, and not that table."""
    path.unlink()
    sqlite3.connect(path).execute("CREATE TABLE pages (id INTEGER, html TEXT)").connection.close()


def endless(path: Path) -> None:
    """Let the table be a view."""
    path.unlink()
    sqlite3.connect(path).execute(f"CREATE VIEW pages AS {ENDLESS}").connection.close()


def lying(path: Path) -> None:
    """Let every page be one that unpacks to 300 MB."""
    packer = zstd.ZstdCompressor()
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(300)) + packer.flush()
    with sqlite3.connect(path) as conn:
        conn.execute("UPDATE pages SET body = ?", (bomb,))


@pytest.mark.parametrize("spoil", [lost, junk, cut, other, endless, lying])
@pytest.mark.parametrize("forgotten", [False, True])
def test_pages_that_cannot_be_had_cost_only_the_pages(
    spoil: Callable[[Path], None], shard: Callable[..., Path], tmp_path: Path, forgotten: bool
) -> None:
    """Missing, damaged, another thing, or not what their keys say: the texts are merged, also out of a copy."""
    path = shard()
    db = write(tmp_path / "c.db", [])
    if forgotten:
        with Corpus(db, create=True) as corpus:
            forget(corpus, "https://bao.test/1.html", now=NOON)
    spoil(tmp_path / "shard.pages.db")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    merged(db, [path])
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024
    with Corpus(db, read_only=True) as corpus:
        assert corpus.value("SELECT count(*) FROM articles") >= 2
        assert spoil is cut or not list(corpus.pages)


@pytest.mark.parametrize("error", [ValueError("odd"), TypeError("odd"), KeyError("odd"), sqlite3.DataError("odd")])
def test_whatever_a_shard_breaks_names_it(
    error: Exception, shard: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No error of a stage leaves a merge bare."""

    def broken(*_: object) -> None:
        raise error

    monkeypatch.setattr(union, "leads", broken)
    with pytest.raises(CorpusError, match=r"shard\.db: cannot be merged: .*odd"):
        merged(tmp_path / "c.db", [shard()])


FAR = "9999-12-31T23:59:59Z"
NEAR = "2025-12-31T23:59:59Z"


def test_a_shard_from_the_future_takes_over_no_schedule(shard: Callable[..., Path], tmp_path: Path) -> None:
    """Asked last in the year 9999, to be asked next then: neither a source nor a lead nor a host is silenced."""
    path = shard(
        f"UPDATE sources SET checked_at = '{FAR}', next_check_at = '{FAR}', errors = 7",
        f"UPDATE hosts SET last_request_at = '{FAR}', retry_at = '{FAR}'",
        f"UPDATE visits SET at = '{FAR}' WHERE lead_id IS NOT NULL",
        f"UPDATE leads SET next_visit_at = '{FAR}'",
    )
    db = write(tmp_path / "c.db", MANY)
    with Corpus(db, create=True) as corpus, corpus.transaction():
        corpus.conn.execute("UPDATE sources SET checked_at = ?, next_check_at = ?", (NEAR, NEAR))
        corpus.conn.execute("INSERT INTO hosts (host, last_request_at) VALUES ('bao.test', ?)", (NEAR,))
    for into in (db, tmp_path / "new.db"):
        merged(into, [path])
        with Corpus(into, read_only=True) as corpus:
            hosts = corpus.rows("SELECT last_request_at, retry_at FROM hosts")
            assert {value for row in hosts for value in row.values()} <= {None, NEAR}
            assert corpus.value("SELECT max(next_check_at) FROM sources") == (NEAR if into == db else None)
            assert corpus.value("SELECT count(*) FROM leads WHERE next_visit_at IS NULL") == 0
            assert corpus.value("SELECT max(next_visit_at) FROM leads") < "2027"


def test_where_a_source_is_asked_is_not_a_shards_to_say(shard: Callable[..., Path], tmp_path: Path) -> None:
    """Its address stays ours, and a source new to the corpus begins at that of its topic file."""
    now = stamp(datetime.now(UTC))
    path = shard(
        f"UPDATE sources SET url = 'https://attacker.example/feed', host = 'attacker.example', checked_at = '{now}', "
        "etag = 'x', moved_to = 'https://attacker.example/2', moved_times = 2"
    )
    ours = write(tmp_path / "c.db", [])
    for db in (ours, tmp_path / "new.db"):
        merged(db, [path])
        with Corpus(db, create=True) as corpus:
            corpus.sync_sources(TOPIC, NOON, lambda _source, now: now)
            rows = corpus.rows("SELECT id, url, host, etag, moved_to FROM sources ORDER BY id")
        assert [row["url"] for row in rows] == [each.url for each in sorted(TOPIC.sources, key=lambda each: each.id)]
        assert not [row for row in rows if row["host"] == "attacker.example" or row["etag"] or row["moved_to"]]


def test_what_a_shard_had_forgotten_is_counted(tmp_path: Path) -> None:
    """A tombstone takes texts out of the corpus: a merge says how many, and by whose."""
    db, forgetful = write(tmp_path / "c.db", MANY), write(tmp_path / "forgetful.db", MANY)
    with Corpus(forgetful, create=True) as corpus:
        counts = forget(corpus, "bao.test", now=NOON)
    assert counts.articles
    with resources.as_file(resources.files("crawler.sample") / "topic.toml") as topic:
        result = CliRunner().invoke(main, ["merge", str(forgetful), "--db", str(db), "--topic", str(topic)])
    assert result.exit_code == 0, result.output
    assert f"forgetful.db: had forgotten what was here: {counted(counts.articles, 'article')} and" in result.output


def test_rates_of_another_shape_are_none() -> None:
    """Numbers as they may be, and not as many as a day has half hours: the source is one never polled."""
    for said in ({"day": [1.0]}, {"evil": 1.0}, {"week": [[1.0, 2.0]]}):
        assert Rates.load(said).dump() == Rates().dump()
    assert Rates.load({"window": 9, "week": [1.0, 2.0]}).window == 9


def everything(db: Path) -> list[object]:
    """Return what a corpus holds, its sources' state and its hosts' too."""
    with Corpus(db, read_only=True) as corpus:
        return [corpus.rows("SELECT * FROM sources"), corpus.rows("SELECT * FROM hosts"), held(db)]
