"""The command line as a person or cron meets it: output, exits, mistakes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from crawler.cli import main
from crawler.cli.overrides import scrapy_settings
from crawler.corpus.store import Corpus
from crawler.sample.server import SampleWeb
from scheduler.lock import run_lock
from tests.archives.test_merge import MANY, write

if TYPE_CHECKING:
    from collections.abc import Callable

HOUXU = [sys.executable, "-m", "crawler.cli"]


def houxu(*arguments: str) -> Any:
    """Run a command in this process and return what came of it."""
    return CliRunner().invoke(main, list(arguments))


def test_the_demo_shows_what_a_user_came_for(demo: tuple[Path, str]) -> None:
    """Endings, stories with who was first and how many copies, the edit, and queries that run."""
    db, said = demo
    for heading in ("How the visits ended", "The stories, who was first", "The edit that was caught", "Try on"):
        assert heading in said
    assert "removed:" in said
    corpus = Corpus(db, read_only=True)
    for query in [part.split('"')[0] for part in said.split('demo.db "')[1:]]:
        assert corpus.rows(query), query
    corpus.close()


@pytest.mark.parametrize("command", ["stories", "timeline", "edits", "status", "sources"])
def test_reading_commands_print_and_speak_json(command: str, demo: tuple[Path, str]) -> None:
    """What a person reads and what a program reads are the same answer, and nothing goes to standard error."""
    db, _said = demo
    plain, machine = houxu(command, "--db", str(db)), houxu(command, "--db", str(db), "--json")
    assert plain.exit_code == machine.exit_code == 0
    assert plain.output.strip()
    assert json.loads(machine.output)


def test_why_answers_from_rows(demo: tuple[Path, str]) -> None:
    """`why` of any URL a source showed says where it was seen and how its visits ended."""
    db, _said = demo
    corpus = Corpus(db, read_only=True)
    leads = [row["fetch_url"] for row in corpus.rows("SELECT fetch_url FROM leads WHERE rung > 0")]
    corpus.close()
    for url in leads:
        result = houxu("why", "--db", str(db), url)
        assert result.exit_code == 0
        assert "seen in" in result.output
        assert "visited" in result.output


def test_why_of_a_stranger(demo: tuple[Path, str]) -> None:
    """A URL that was never seen is said to be so."""
    result = houxu("why", "--db", str(demo[0]), "https://nobody.test/")
    assert result.exit_code == 1
    assert "never seen" in result.output


@pytest.mark.parametrize("url", ["", "foo", "ftp://x.test/z", "https://", "x.test/1.html", "http://["])
def test_why_of_no_url_is_a_wrong_usage(demo: tuple[Path, str], url: str) -> None:
    """Exit 2, in words."""
    result = houxu("why", "--db", str(demo[0]), url)
    assert result.exit_code == 2
    assert "is no URL of a web page" in result.output


@pytest.mark.parametrize("what", ["https://www.bao.test/1.html?utm_source=x", "bao.test"])
def test_why_of_what_was_forgotten(tmp_path: Path, what: str) -> None:
    """By itself or with its host: it is said to be so, under each of its spellings; others were never seen."""
    db = write(tmp_path / "f.db", MANY)
    url = "https://bao.test/1.html"
    assert houxu("why", "--db", str(db), url).exit_code == 0
    assert houxu("forget", "--db", str(db), "--topic", SAMPLE, what).exit_code == 0
    for spelled in (url, "http://www.bao.test/1.html#top", f" {url}?utm_source=x"):
        result = houxu("why", "--db", str(db), spelled)
        assert result.exit_code == 1
        assert f"{spelled.strip()} was forgotten" in result.output
    assert "never seen" in houxu("why", "--db", str(db), "https://nobody.test/").output


def test_story_and_its_absence(demo: tuple[Path, str]) -> None:
    """A story lists its articles; an id that is none says where to look."""
    rows = json.loads(houxu("stories", "--db", str(demo[0]), "--json").output)
    result = houxu("story", "--db", str(demo[0]), str(rows[0]["id"]))
    assert rows[0]["headline"] in result.output
    assert houxu("story", "--db", str(demo[0]), "999999").exit_code == 1


def test_search_finds_xiaomi(demo: tuple[Path, str]) -> None:
    """Two characters, marked in the words around them."""
    result = houxu("search", "--db", str(demo[0]), "小米")
    assert result.exit_code == 0
    assert "[小米]" in result.output


@pytest.mark.parametrize(
    "command", ["status", "stories", "timeline", "edits", "sources", "why https://x.test/", "search x", "reindex"]
)
def test_a_missing_corpus_is_named(command: str, tmp_path: Path) -> None:
    """Readers make no file, and say the absolute path they did not find."""
    db = tmp_path / "none.db"
    result = houxu(*command.split(), "--db", str(db))
    assert result.exit_code == 1
    assert str(db) in result.output
    assert not db.exists()


def test_a_file_that_is_no_corpus(tmp_path: Path) -> None:
    """Something else at that path is an error, not a traceback, and stays as it is."""
    other = tmp_path / "notes.txt"
    other.write_text("not a database, but long enough to look at" * 30)
    before = other.read_bytes()
    result = houxu("status", "--db", str(other))
    assert result.exit_code == 1
    assert "notes.txt" in result.output
    assert other.read_bytes() == before


def test_every_mistake_of_a_topic_is_named(tmp_path: Path) -> None:
    """A bad topic file exits 2 with all its mistakes, and nothing is crawled."""
    bad = tmp_path / "bad.toml"
    bad.write_text('[topic]\nid = "Bad Id"\n[[source]]\nid = "x"\nkind = "feeed"\nurl = "ftp://x"\noutlet = "X"\n')
    for arguments in (["topic", "--check", str(bad)], ["crawl", "--topic", str(bad), "--db", str(tmp_path / "c.db")]):
        result = houxu(*arguments)
        assert result.exit_code == 2
        assert "mistakes" in result.output
        assert "feeed" in result.output
        assert "ftp://x" in result.output
    assert not (tmp_path / "c.db").exists()


def test_the_packaged_topic_is_sound() -> None:
    """`houxu topic --check` without a file checks what we ship."""
    result = houxu("topic", "--check")
    assert result.exit_code == 0
    assert "sound" in result.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["crawl", "nobody"], "no source nobody"),
        (["crawl", "-s", "delay"], "NAME=VALUE"),
        (["crawl", "--max-runtime", "0"], "max-runtime"),
        (["fly"], "No such command"),
        (["crawl", "-s", "DOWNLOAD_DELAY=abc"], "expected a value like"),
        (["crawl", "-s", "CONCURRENT_REQUESTS=nan"], "expected a value like 64"),
        (["crawl", "-s", "CONCURRENT_ITEMS=1.5"], "expected a value like 4"),
        (["crawl", "-s", "DNS_TIMEOUT=inf"], "expected a value like 60"),
        (["crawl", "-s", "ROBOTSTXT_OBEY=maybe"], "expected a value like True"),
        (["crawl", "-s", "TWISTED_REACTOR=x"], "expected a value like twisted.internet.asyncioreactor"),
        (["crawl", "-s", "DUPEFILTER_CLASS=x"], "not a full path"),
        (["crawl", "-s", 'DOWNLOADER_MIDDLEWARES={"a":"b"}'], "the place of a is 'b', and should be a number"),
        (["crawl", "-s", 'ITEM_PIPELINES={"nope.X":1}'], "No module named 'nope'"),
        (["daemon", "-s", 'EXTENSIONS={"crawler.crawl.Nope":1}'], "doesn't define any object named 'Nope'"),
        (["crawl", "--allow-host", "http://127.0.0.1/"], "without scheme and port"),
        (["crawl", "--allow-host", "["], "'[' is no host"),
        (["forget", "["], "'[' is neither a URL nor a host"),
        (["forget", "bao.test/1.html"], "'bao.test/1.html' is neither a URL nor a host"),
        (["forget", "ftp://bao.test/1"], "'ftp://bao.test/1' is neither a URL nor a host"),
        (["story", "9" * 30], "range"),
    ],
)
def test_wrong_usage_exits_2(arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Usage mistakes say what was wrong and make no file."""
    monkeypatch.chdir(tmp_path)
    result = houxu(*arguments)
    assert result.exit_code == 2
    assert said in result.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "setting",
    ["DOWNLOAD_TIMEOUT=1.5", "CLOSESPIDER_TIMEOUT=0.5", "ROBOTSTXT_OBEY=true", "MINE=anything", "USER_AGENT=x",
     'ITEM_PIPELINES={"crawler.pipelines.CorpusPipeline": 300, "nope.X": null}', "HOUXU_DB=x", "SPIDER_MODULES=a,b"],
)  # fmt: skip
def test_a_setting_that_scrapy_can_read_is_taken(setting: str) -> None:
    """Seconds with a fraction, a class that is turned off, and names that nobody knows."""
    name, _equals, value = setting.partition("=")
    assert scrapy_settings((setting,)) == {name: value}


def test_a_locked_corpus_exits_75(tmp_path: Path) -> None:
    """Another run means 75 and its pid, or 0 with --skip-locked."""
    db = tmp_path / "c.db"
    with run_lock(db):
        result = houxu("crawl", "--db", str(db))
        assert result.exit_code == 75
        assert f"pid {os.getpid()}" in result.output
        assert houxu("crawl", "--db", str(db), "--skip-locked").exit_code == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_a_crawl_cleanly(number: int, code: int, tmp_path: Path, crawl: Callable[..., int]) -> None:
    """What is on the wire is finished, nothing is lost, and the exit says which signal."""
    db = tmp_path / "c.db"
    with SampleWeb() as web:
        overrides = f"HOUXU_CONNECT_TO={json.dumps(web.connect_to)}"
        topic = Path(__file__).parents[2] / "crawler/sample/topic.toml"
        process = subprocess.Popen(
            [*HOUXU, "crawl", "--all", "--db", str(db), "--topic", str(topic), "-s", overrides],
            stderr=subprocess.PIPE,
        )
        deadline = time.monotonic() + 60
        while len(web.requests) < 5 and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(number)
        _out, said = process.communicate(timeout=45)
        assert process.returncode == code, said
    corpus = Corpus(db, read_only=True)
    assert corpus.value("SELECT ending FROM runs") == "stopped"
    assert corpus.value("SELECT count(*) FROM visits GROUP BY lead_id HAVING count(*) > 1") is None
    corpus.close()


def test_output_into_a_closed_pipe_is_quiet(demo: tuple[Path, str]) -> None:
    """`houxu timeline | head -1` ends without a traceback."""
    command = f"{sys.executable} -m crawler.cli timeline --limit 1000 --db {demo[0]} | head -1"
    result = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0
    assert result.stderr == ""


def test_rescan_says_what_flipped(demo: tuple[Path, str], tmp_path: Path) -> None:
    """After the topic lost its strongest alias some articles leave the coverage; put back, they return."""
    db = tmp_path / "copy.db"
    for name in (demo[0], demo[0].with_name("demo.pages.db")):
        (tmp_path / name.name.replace("demo", "copy")).write_bytes(name.read_bytes())
    packaged = (Path(__file__).parents[2] / "crawler/sample/topic.toml").read_text(encoding="utf-8")
    poorer = tmp_path / "poorer.toml"
    poorer.write_text(packaged.replace('"miclaw", ', ""), encoding="utf-8")
    first = json.loads(houxu("rescan", "--db", str(db), "--topic", str(poorer), "--json").output)
    assert first
    assert {flip["now"] for flip in first} == {"off topic"}
    whole = tmp_path / "whole.toml"
    whole.write_text(packaged, encoding="utf-8")
    second = json.loads(houxu("rescan", "--db", str(db), "--topic", str(whole), "--json").output)
    assert {flip["url"] for flip in second} == {flip["url"] for flip in first}
    assert {flip["now"] for flip in second} == {"on topic again"}


def test_publish_leaves_a_file_that_anyone_may_open(tmp_path: Path) -> None:
    """`crawl --publish` leaves a copy beside the corpus that opens without write permission."""
    topic = Path(__file__).parents[2] / "crawler/sample/topic.toml"
    with SampleWeb() as web:
        overrides = f"HOUXU_CONNECT_TO={json.dumps(web.connect_to)}"
        arguments = ["--db", str(tmp_path / "c.db"), "--topic", str(topic), "-s", overrides, "-s", "DOWNLOAD_DELAY=0"]
        result = houxu("crawl", "xinsheng", *arguments, "--publish")
    assert result.exit_code == 0, result.output
    published = tmp_path / "c.read.db"
    assert published.stat().st_mode & 0o444 == 0o444
    published.chmod(0o444)
    corpus = Corpus(published, read_only=True)
    assert corpus.value("PRAGMA journal_mode") == "delete"
    assert corpus.value("SELECT count(*) FROM coverage") > 0
    corpus.close()


@pytest.fixture
def copied(demo: tuple[Path, str], tmp_path: Path) -> Path:
    """Return a copy of the demo's corpus and pages that a test may change."""
    houxu("backup", "--db", str(demo[0]), str(tmp_path / "mine.db"))
    return tmp_path / "mine.db"


SAMPLE = str(Path(__file__).parents[2] / "crawler/sample/topic.toml")


def test_backup_is_whole_and_silent(copied: Path, tmp_path: Path) -> None:
    """Both files are copied, the copy is a corpus like the first, and cron has nothing to mail."""
    result = houxu("backup", "--db", str(copied), str(tmp_path / "again.db"))
    assert result.output == ""
    assert (tmp_path / "again.pages.db").is_file()
    same = [houxu("timeline", "--json", "--db", str(path)).output for path in (copied, tmp_path / "again.db")]
    assert same[0] == same[1]


def test_forget_forgets_and_reindex_rebuilds(copied: Path) -> None:
    """A forgotten host is in no answer any more, and the index can be made anew of what is left."""
    result = houxu("forget", "xinsheng.test", "--topic", SAMPLE, "--db", str(copied))
    assert result.exit_code == 0
    assert "forgot" in result.output
    assert "xinsheng.test" not in houxu("timeline", "--json", "--limit", "999", "--db", str(copied)).output
    assert houxu("reindex", "--db", str(copied)).exit_code == 0
    assert "[小米]" in houxu("search", "小米", "--db", str(copied)).output


@pytest.mark.parametrize("command", [["prune"], ["forget", "xinsheng.test"]])
def test_another_topic_removes_nothing(command: list[str], copied: Path) -> None:
    """How long a page is kept, and what is one story, is its own topic's to say."""
    result = houxu(*command, "--db", str(copied))
    assert result.exit_code == 2
    assert "follows" in result.output
    assert "xinsheng.test" in houxu("timeline", "--json", "--limit", "999", "--db", str(copied)).output


def test_prune_keeps_what_is_young(copied: Path) -> None:
    """Pages of today stay."""
    assert "0 pages removed" in houxu("prune", "--topic", SAMPLE, "--db", str(copied)).output


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_export_writes_a_row_per_article(form: str, copied: Path, tmp_path: Path) -> None:
    """To a file, whole or not at all."""
    out = tmp_path / f"coverage.{form}"
    assert houxu("export", "--format", form, "--output", str(out), "--db", str(copied)).exit_code == 0
    assert out.stat().st_size > 10_000
    assert [path.name for path in tmp_path.iterdir() if "coverage" in path.name] == [out.name]


def test_digest_tells_and_is_silent(copied: Path) -> None:
    """What is new since a week is told in three forms; since tomorrow there is nothing, and nothing is printed."""
    assert "New stories" in houxu("digest", "--since", "7d", "--db", str(copied)).output
    assert json.loads(houxu("digest", "--since", "7d", "--format", "json", "--db", str(copied)).output)
    assert "<feed" in houxu("digest", "--since", "7d", "--format", "atom", "--db", str(copied)).output
    assert houxu("digest", "--since", "2999-01-01", "--db", str(copied)).output == ""
    for wrong, said in (("soon", "no span like"), ("0001-01-01", "give 1970-01-01 for all there is")):
        refused = houxu("digest", "--since", wrong, "--db", str(copied))
        assert (refused.exit_code, said in refused.output) == (2, True)
    assert "New stories" in houxu("digest", "--since", "1970-01-01", "--db", str(copied)).output


def test_rescan_of_what_was_unreadable(copied: Path) -> None:
    """Where no page was quarantined, nothing flips."""
    result = houxu("rescan", "--quarantined", "--topic", SAMPLE, "--db", str(copied))
    assert result.exit_code == 0
    assert "nothing flipped" in result.output


def test_crontab_and_systemd_print(tmp_path: Path) -> None:
    """Lines and units that name this corpus, absolute."""
    assert str(tmp_path / "c.db") in houxu("crontab", "--db", str(tmp_path / "c.db")).output
    assert "houxu-crawl.service" in houxu("systemd").output


@pytest.mark.parametrize("arguments", [["crontab", "--db"], ["crontab", "--topic"], ["systemd", "--topic"]])
def test_a_path_that_is_no_utf_8_is_in_no_crontab_and_no_unit(arguments: list[str], tmp_path: Path) -> None:
    """They could not name it: that is said, and no half of a unit is written."""
    into = ["--into", str(tmp_path / "units")] if arguments[0] == "systemd" else []
    result = houxu(*arguments, str(tmp_path / "b\udcffd"), *into)
    assert result.exit_code == 2
    assert r"b\udcffd' is no UTF-8" in result.output
    assert list(tmp_path.iterdir()) == []


def test_the_demo_replaces_only_a_demo(tmp_path: Path) -> None:
    """A corpus that follows something else is left alone, and the exit says so."""
    mine = tmp_path / "mine.db"
    corpus = Corpus(mine, create=True)
    corpus.claim_topic("my-topic", None)
    corpus.close()
    result = houxu("demo", "--db", str(mine))
    assert result.exit_code == 2
    assert "my-topic" in result.output
    corpus = Corpus(mine, read_only=True)
    assert corpus.meta("topic_id") == "my-topic"
    corpus.close()
