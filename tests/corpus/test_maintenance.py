from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from crawler.corpus import connection, forgetting
from crawler.corpus.forgetting import Forgotten, forget
from crawler.corpus.maintenance import backup, prune, publish
from crawler.corpus.pages import Pages, pages_path
from crawler.corpus.schedule import at_once
from crawler.corpus.store import Corpus
from crawler.dedupe import sketch
from crawler.errors import CorpusError
from crawler.sample.demo import sample_topic
from crawler.text.web_addresses import netloc_of
from tests.support.access import open_folders
from tests.support.corpus_rows import Rows
from tests.support.work import sql_steps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOW = datetime(2026, 6, 1, tzinfo=UTC)
HIDDEN = "绝密词汇二十六号"
HIDDEN_PAGE = os.urandom(5000)


@pytest.fixture
def rows(tmp_path: Path) -> Iterator[Rows]:
    """Give a corpus with one article to forget, a copy of it, and one of another host; each with its page."""
    made = Rows(tmp_path / "c.db")
    made.source("bad", "坏报")
    made.source("good")
    for i in range(40):  # so that the secret's pages are neither the first nor the last of the file
        made.article(f"前文{i}", f"小米的第{i}篇。" * 20, story=9)
    made.article(
        f"题{HIDDEN}", f"文{HIDDEN}小米。" * 300, url="https://bad.test/1", source="bad", page=HIDDEN_PAGE, story=1,
        terms=[{"term": HIDDEN, "role": "strong", "field": "title", "start": 1, "end": 9}],
    )  # fmt: skip
    made.article("转载", "小米。", url="https://good.test/copy", source="good", copies=41, page=b"copy", story=1)
    made.article("别的", "小米。", url="https://good.test/2", source="good", page=b"other", story=2)
    made.revise(41, f"新题{HIDDEN}", f"新文{HIDDEN}。")
    made.corpus.conn.execute("INSERT INTO mentions VALUES (?, 41, 'title', 1)", (HIDDEN,))
    with made.corpus.transaction():
        latest = made.corpus.value("SELECT latest_id FROM articles WHERE id = 41")
        made.corpus.add_sketch(latest, sketch(f"新文{HIDDEN}。"))
    made.corpus.conn.execute("UPDATE leads SET body = ? WHERE article_id = 41", (HIDDEN,))
    made.corpus.conn.execute(
        "INSERT INTO vectors (article_id, at, terms) VALUES (41, '2026-03-01T00:00:00Z', json_object(?, 1))", (HIDDEN,)
    )
    made.corpus.conn.execute("INSERT INTO terms VALUES (?, 1)", (HIDDEN,))
    for i in range(40):
        made.article(f"后文{i}", f"小米的第{i}篇。" * 20, story=9)
    yield made
    made.corpus.close()


def bytes_held(path: Path) -> dict[str, bytes]:
    """Return every file beside a corpus, lock and shared memory aside."""
    return {each.name: each.read_bytes() for each in path.parent.iterdir() if not each.name.endswith((".lock", "-shm"))}


def test_forget_leaves_no_byte(rows: Rows) -> None:
    """No word, headline, URL, term or page of what was forgotten is in either file or its WAL; the rest is whole."""
    corpus = rows.corpus
    page = corpus.pages.conn.execute("SELECT body FROM pages WHERE size = 5000").fetchone()[0]
    wanted = [HIDDEN.encode(), HIDDEN[:4].encode(), b"https://bad.test/1", page[:64], page[-64:]]
    corpus.close(checkpoint=True)
    rows.corpus = corpus = Corpus(corpus.path)
    before = b"".join(bytes_held(corpus.path).values())
    assert all(found in before for found in wanted)

    assert forget(corpus, "https://bad.test/1", now=NOW) == Forgotten(articles=1, leads=1, pages=1)

    for name, held in bytes_held(corpus.path).items():
        assert [found for found in wanted if found in held] == [], name
    assert corpus.search(HIDDEN) == []
    assert {each.url for each in corpus.search("转载 OR 别的")} == {"https://good.test/copy", "https://good.test/2"}
    corpus.conn.execute("CREATE VIRTUAL TABLE temp.v USING fts5vocab(main, articles_fts, row)")
    assert corpus.rows("SELECT term FROM temp.v WHERE term LIKE '%绝%'") == []
    assert corpus.value("SELECT count(*) FROM sketches WHERE rowid IN (41, 44)") == 0
    assert corpus.value("PRAGMA integrity_check") == "ok"
    assert corpus.rows("PRAGMA foreign_key_check") == []
    assert corpus.pages.get(corpus.value("SELECT page_sha256 FROM revisions WHERE article_id = 43")) == b"other"


def test_what_copied_a_forgotten_article_stands_alone(rows: Rows) -> None:
    """Trees and stories close over the gap."""
    forget(rows.corpus, "https://bad.test/1", now=NOW)
    (copy,) = rows.corpus.rows("SELECT * FROM articles WHERE url = 'https://good.test/copy'")
    assert (copy["root_id"], copy["parent_id"], copy["depth"]) == (copy["id"], None, 0)
    (story,) = rows.corpus.rows("SELECT * FROM stories WHERE id = ?", (copy["story_id"],))
    assert (story["headline"], story["root_id"], story["articles"]) == ("转载", copy["id"], 1)


def test_a_tombstone_keeps_it_away(rows: Rows) -> None:
    """What was forgotten is not taken up again, and nothing that anyone could read is kept of it."""
    forget(rows.corpus, "https://bad.test/1", now=NOW)
    assert rows.corpus.is_forgotten("https://bad.test/1")
    assert not rows.corpus.is_forgotten("https://bad.test/2")
    assert all("bad" not in row["what"] for row in rows.corpus.rows("SELECT what FROM tombstones"))


def test_a_host_is_forgotten_whole(rows: Rows) -> None:
    """Every lead, visit and article of a host goes, off-topic ones included; another host that ends alike stays."""
    rows.visit("bad", "off_topic", page=b"off")
    rows.article("似是而非", "小米。", url="https://notbad.test/1")
    assert forget(rows.corpus, "bad.test", now=NOW) == Forgotten(articles=1, leads=2, pages=2)
    assert rows.corpus.is_forgotten("https://bad.test/anything")
    assert rows.corpus.value("SELECT count(*) FROM articles WHERE url LIKE '%notbad%'") == 1
    assert rows.corpus.value("SELECT count(*) FROM verdicts WHERE url LIKE '%//bad.test%'") == 0


def test_a_forgotten_host_is_asked_nothing(rows: Rows) -> None:
    """Its sources are off however often the topic file is read, and what was kept of its manners is gone."""
    corpus, topic = rows.corpus, sample_topic()
    corpus.sync_sources(topic, NOW, at_once)
    first = topic.sources[0]
    host = netloc_of(first.url)
    corpus.note_robots(host, NOW, 200, "User-agent: *", None)
    corpus.note_robots(f"http://{host}", NOW, 200, "User-agent: *", None)
    forget(corpus, f"www.{host}", now=NOW)
    for _ in range(2):
        assert first.id not in {state.source.id for state in corpus.states(topic)}
        assert corpus.value("SELECT enabled FROM sources WHERE id = ?", (first.id,)) == 0
        corpus.sync_sources(topic, NOW, at_once)
    assert len(corpus.states(topic)) == sum(netloc_of(source.url) != host for source in topic.sources)
    assert corpus.host(host) is corpus.host(f"http://{host}") is None


@pytest.mark.parametrize(
    "what", ["bad.test/1", "bad.test?1", "a b", "*", "", "me@bad.test", "bad.test#1", "bad.test\\1"]
)
def test_an_address_without_its_scheme_forgets_nothing(what: str, rows: Rows) -> None:
    """It was taken for all of its host."""
    with pytest.raises(ValueError, match="is no host"):
        forget(rows.corpus, what, now=NOW)
    assert rows.corpus.value("SELECT count(*) FROM articles") == 83
    assert rows.corpus.value("SELECT count(*) FROM tombstones") == 0


def test_a_text_is_forgotten_by_any_url_that_led_to_it(rows: Rows) -> None:
    """A lead that ended as a duplicate of it names it too."""
    conn = rows.corpus.conn
    conn.execute(
        "INSERT INTO leads (url, fetch_url, host, source_id, found_at, article_id, ending) "
        "VALUES ('https://m.test/1', 'https://m.test/1', 'm.test', 'bad', '2026-03-01T00:00:00Z', 41, 'duplicate')"
    )
    assert forget(rows.corpus, "https://m.test/1", now=NOW).articles == 1
    assert rows.corpus.is_forgotten("https://bad.test/1")


def test_forgetting_twice_or_what_was_never_seen_is_no_error(rows: Rows) -> None:
    """The second time there is nothing to remove; a URL not yet seen is kept from ever coming in."""
    forget(rows.corpus, "https://bad.test/1", now=NOW)
    assert forget(rows.corpus, "https://bad.test/1", now=NOW) == Forgotten(articles=0, leads=0, pages=0)
    forget(rows.corpus, "https://never.test/", now=NOW)
    assert rows.corpus.is_forgotten("https://never.test/")


def test_a_shared_page_stays_while_another_article_has_it(rows: Rows) -> None:
    """Raw bytes that another URL gave too are that URL's as well."""
    rows.article("同页", "小米。", url="https://good.test/same", page=HIDDEN_PAGE)
    assert forget(rows.corpus, "https://bad.test/1", now=NOW).pages == 0


def test_a_reader_that_holds_old_bytes_is_reported(rows: Rows) -> None:
    """With a transaction open elsewhere the WAL cannot be emptied: said, and finished by forgetting again."""
    reader = sqlite3.connect(rows.corpus.path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM revisions").fetchone()
    rows.corpus.conn.execute("PRAGMA busy_timeout = 50")
    with pytest.raises(CorpusError, match="a reader keeps old bytes"):
        forget(rows.corpus, "https://bad.test/1", now=NOW)
    reader.close()
    forget(rows.corpus, "https://bad.test/1", now=NOW)
    assert all(HIDDEN.encode() not in held for held in bytes_held(rows.corpus.path).values())


def test_append_only_again_after_forgetting(rows: Rows) -> None:
    """The key that lets rows be deleted does not outlive the transaction, whether it ends well or not."""
    forget(rows.corpus, "https://bad.test/1", now=NOW)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        rows.corpus.conn.execute("DELETE FROM revisions")


def test_backup_is_a_whole_corpus_with_its_pages(rows: Rows, tmp_path: Path) -> None:
    """Both files open, hold every row, and the pages are found beside the copy; nothing else is left there."""
    target = tmp_path / "backups"
    target.mkdir()
    assert backup(rows.corpus, target / "b.db") == [target / "b.db", target / "b.pages.db"]
    with Corpus(target / "b.db", read_only=True) as copy:
        assert copy.value("SELECT count(*) FROM revisions") == 84
        assert copy.pages.get(copy.value("SELECT page_sha256 FROM revisions WHERE article_id = 43")) == b"other"
        assert [each.url for each in copy.search(HIDDEN)] == ["https://bad.test/1"]
    assert backup(rows.corpus, target)[0] == target / "c.db"
    assert sorted(each.name for each in target.iterdir() if not each.name.endswith(("-shm", "-wal"))) == [
        "b.db", "b.pages.db", "c.db", "c.pages.db",
    ]  # fmt: skip


def test_backup_runs_from_a_read_only_corpus(rows: Rows, tmp_path: Path) -> None:
    """It needs no right to write the corpus."""
    with Corpus(rows.corpus.path, read_only=True) as reading:
        assert len(backup(reading, tmp_path / "r.db")) == 2


def test_a_backup_that_fails_leaves_the_one_before(rows: Rows, tmp_path: Path) -> None:
    """Where the copy cannot be written, the error names the file and nothing half-made stays."""
    with pytest.raises(CorpusError, match=r"nowhere.*b\.db"):
        backup(rows.corpus, tmp_path / "nowhere" / "b.db")
    backup(rows.corpus, tmp_path / "b.db")
    before = (tmp_path / "b.db").read_bytes()
    (tmp_path / "folder.db").mkdir()
    (tmp_path / "folder.db" / "c.db").mkdir()
    with pytest.raises(CorpusError, match="stays as it is"):
        backup(rows.corpus, tmp_path / "folder.db")
    assert (tmp_path / "b.db").read_bytes() == before
    assert not list(tmp_path.rglob(".*partial"))


def test_publish_is_read_by_someone_who_may_not_write(rows: Rows, tmp_path: Path) -> None:
    """Another user, in a folder that is not theirs, opens the copy and searches it; a WAL file they could not open."""
    path = publish(rows.corpus)
    assert path == rows.corpus.path.with_name("c.read.db")
    program = (
        "import os, sqlite3, sys\n"
        "if os.getuid() == 0: os.setgid(65534); os.setuid(65534)\n"
        "conn = sqlite3.connect(f'file:{sys.argv[1]}?mode=ro', uri=True)\n"
        "print(conn.execute(\"SELECT count(*) FROM articles_fts WHERE articles_fts MATCH '小米'\").fetchone()[0],\n"
        "      conn.execute('PRAGMA journal_mode').fetchone()[0])\n"
    )
    open_folders(tmp_path)
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["82", "delete"]


def test_forget_publishes_anew(rows: Rows) -> None:
    """The copy for readers forgets too."""
    path = publish(rows.corpus)
    assert HIDDEN.encode() in path.read_bytes()
    forget(rows.corpus, "https://bad.test/1", now=NOW)
    assert HIDDEN.encode() not in path.read_bytes()


def test_prune_takes_old_pages_that_became_no_text(rows: Rows) -> None:
    """Orphans go at once, off-topic pages after their time, the page of a text never."""
    old = rows.visit("good", "off_topic", page=b"old", at=NOW - timedelta(days=60))
    new = rows.visit("good", "off_topic", page=b"new", at=NOW - timedelta(days=10))
    rows.corpus.pages.put(b"orphan")
    assert prune(rows.corpus, timedelta(days=45), NOW) == 2
    kept = {row["url"] for row in rows.corpus.rows("SELECT url, page_sha256 FROM visits WHERE page_sha256 NOT NULL")
            if row["page_sha256"] in rows.corpus.pages}  # fmt: skip
    assert new in kept
    assert old not in kept
    assert "https://bad.test/1" in kept


WRITES: list[Callable[[Corpus], object]] = [
    lambda corpus: forget(corpus, "https://bad.test/1", now=NOW),
    lambda corpus: prune(corpus, timedelta(0), NOW + timedelta(days=999)),
]


@pytest.mark.parametrize("write", WRITES)
def test_a_locked_database_is_a_corpus_error_and_changes_nothing(
    rows: Rows, write: Callable[[Corpus], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer of either file that never lets go ends a write in a CorpusError."""
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.01)
    rows.corpus.pages.put(b"an orphan")
    others = [sqlite3.connect(path, isolation_level=None) for path in (rows.corpus.path, pages_path(rows.corpus.path))]
    for other in others:
        other.execute("BEGIN IMMEDIATE")
    with Corpus(rows.corpus.path) as waiting, pytest.raises(CorpusError, match="locked"):
        write(waiting)
    for other in others:
        other.close()
    assert rows.corpus.value("SELECT count(*) FROM articles") == 83
    with Pages(rows.corpus.path, read_only=True) as pages:
        assert len(list(pages)) == 4
    assert len(backup(rows.corpus, rows.corpus.path.with_name("after.db"))) == 2


def test_what_would_be_named_in_vain_is_not_forgotten(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where forgetting would leave a row that names what is gone, nothing is, and references are minded as before."""

    def forget_articles_alone(corpus: Corpus, _what: str) -> None:
        corpus.conn.execute("DELETE FROM articles WHERE id IN (SELECT id FROM temp.forgotten_articles)")

    monkeypatch.setattr(forgetting, "_forget_rows", forget_articles_alone)
    with pytest.raises(CorpusError, match="FOREIGN KEY constraint failed"):
        forget(rows.corpus, "bad.test", now=NOW)
    assert rows.corpus.value("SELECT count(*) FROM articles WHERE url LIKE 'https://bad.test/%'") == 1
    assert HIDDEN_PAGE in [rows.corpus.pages.get(key) for key in rows.corpus.pages]
    assert rows.corpus.value("PRAGMA foreign_keys") == 1
    assert rows.corpus.value("SELECT count(*) FROM tombstones") == 0


def test_forgetting_twice_the_articles_takes_twice_the_steps(tmp_path: Path) -> None:
    """A story was counted anew for each of its articles: 10,000 of a host would have taken half a minute."""

    def steps(articles: int) -> int:
        made = Rows(tmp_path / f"{articles}.db")
        for number in range(articles):
            made.article(f"小米{number}", "小米。", url=f"https://bad.test/{number}", story=1)
            made.article(f"别的{number}", "小米。", story=1)
        with made.corpus as corpus:
            taken = sql_steps(corpus.conn, lambda: forget(corpus, "bad.test", now=NOW))
            assert corpus.value("SELECT articles FROM stories") == articles
            return taken

    few = steps(60)
    assert steps(120) < 2.7 * few
