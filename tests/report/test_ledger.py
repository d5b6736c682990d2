"""The claims in the corpus: what the views show of the sample web and of hand-made rows, and how they are made anew."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from crawler import claims
from crawler.archives.rescan import read_claims_again
from crawler.cli import main
from crawler.corpus.forgetting import forget
from crawler.corpus.store import Corpus
from crawler.errors import TopicError
from crawler.sample.demo import sample_topic
from crawler.topic import reader as topics
from tests.support.corpus_rows import START, Rows
from tests.support.work import sql_steps

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crawler.model import Topic

HOUR = timedelta(hours=1)
NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def rows(tmp_path: Path, topic: Topic) -> Iterator[Rows]:
    """Give a corpus with an original, a copy that changes a number, an independent text, and an edit; claims read."""
    made = Rows(tmp_path / "c.db")
    made.article("小米新模型", "MiMo-V2-Flash有3090亿参数😀。小米设备10.4亿台。", outlet="甲报", published=START)
    made.article("转载", "MiMo-V2-Flash有309亿参数。", outlet="乙报", copies=1, published=START + HOUR)
    made.article("Another", "MiMo-V2-Flash has 309B parameters.", outlet="C", lang="en", published=START + 2 * HOUR)
    made.article("再转", "MiMo-V2-Flash有309亿参数。", outlet="丁报", copies=2, published=START + 3 * HOUR)
    made.revise(2, "转载", "MiMo-V2-Flash有3090亿参数。", seen=START + 5 * HOUR)
    made.article("不相干", "MiMo-V2-Flash有900亿参数。", relevant=False)
    read_claims_again(made.corpus, topic)
    yield made
    made.corpus.close()


def test_the_ledger_counts_a_copy_as_no_witness(rows: Rows) -> None:
    """A value is told by two independent texts and one copy; off-topic articles are out."""
    got = {(row["claim_id"], row["first_raw"]): row for row in rows.corpus.ledger()}
    assert set(got) == {("total_params", "3090亿"), ("total_params", "309亿"), ("iot", "10.4亿")}
    same, other = got["total_params", "3090亿"], got["total_params", "309亿"]
    assert (same["texts"], same["copies"], same["first_outlet"], same["relation"]) == (2, 1, "甲报", "repeats")
    assert (other["texts"], other["copies"], other["first_outlet"], other["relation"]) == (1, 1, "乙报", "contradicts")
    assert (same["last_at"], other["last_at"]) == ("2026-03-01T05:00:00Z", "2026-03-01T03:00:00Z")


def test_a_mutation_says_what_it_copied_from(rows: Rows) -> None:
    """The first text with another value, its source and what that says; later copies of the error are no row."""
    (row,) = rows.corpus.rows("SELECT * FROM mutations")
    assert (row["outlet"], row["copied_from"], row["copied_value"], row["value"]) == ("乙报", "甲报", 3.09e11, 3.09e10)


def test_an_edit_of_a_number(rows: Rows) -> None:
    """Which edit changed which number: the value that went and the one that came."""
    (row,) = rows.corpus.rows("SELECT * FROM edited_numbers")
    assert (row["claim_id"], row["raw_before"], row["raw_after"], row["relation"]) == (
        "total_params", "309亿", "3090亿", "repeats",
    )  # fmt: skip


def _busy(path: Path, articles: int) -> Corpus:
    """Return a corpus of so many articles that each tell a claim ten times, half of them one value, some edited."""
    made = Rows(path)
    claim = made.claim("Parameters", 3.09e11)
    for number in range(articles):
        numbers = [n if n % 2 else number * 10 + n for n in range(10)]
        body = "".join(f"参数{n}亿，第{i}。" for i, n in enumerate(numbers))
        article = made.article("小米", body, published=START)
        if number % 4 == 0:
            made.revise(article, "小米", f"{body}新。")
        for i, n in enumerate(numbers):
            relation = ("contradicts", "changes", "repeats")[n % 3]
            for rev in (1, 2) if number % 4 == 0 else (1,):
                made.states(article, claim, f"参数{n}亿，第{i}。", f"{n}亿", n * 1e8, relation=relation, rev=rev)
    return made.corpus


@pytest.mark.parametrize("asked", ["ledger", "mutations", "contradictions", "edited_numbers", "a digest"])
def test_twice_the_sightings_take_twice_the_steps(tmp_path: Path, asked: str) -> None:
    """Each sighting of a claim beside each other took a digest of 1,800 of them 14 seconds."""

    def steps(articles: int) -> int:
        with _busy(tmp_path / f"{articles}.db", articles) as corpus:
            if asked == "a digest":
                return sql_steps(corpus.conn, lambda: corpus.news(START - HOUR, NOW))
            return sql_steps(corpus.conn, lambda: corpus.rows(f"SELECT * FROM {asked}"))

    few = steps(40)
    assert steps(80) < 2.7 * few


def test_every_sighting_slices_to_its_sentence(rows: Rows, demo: tuple[Path, str]) -> None:
    """In SQL too, characters outside the BMP included: substr(text, start + 1, length(sentence)) = sentence."""
    with Corpus(demo[0], read_only=True) as crawled:
        for corpus in (rows.corpus, crawled):
            assert corpus.value("SELECT count(*) FROM claim_sightings")
            wrong = corpus.rows(
                "SELECT s.* FROM claim_sightings s JOIN revisions r ON r.id = s.revision_id WHERE substr(CASE s.field "
                "WHEN 'title' THEN r.title ELSE r.body END, s.start + 1, length(s.sentence)) <> s.sentence "
                "OR substr(s.sentence, s.raw_start + 1, length(s.raw)) <> s.raw"
            )
            assert wrong == []


def test_claims_are_read_again_when_they_change(rows: Rows, topic: Topic) -> None:
    """Other claims make the sightings stale; reading again leaves those of the new claims alone, twice as once."""
    assert not rows.corpus.claims_are_stale(topic)
    fewer = replace(topic, claims=topic.claims[:1], claims_digest="other")
    assert rows.corpus.claims_are_stale(fewer)
    for _ in range(2):
        read_claims_again(rows.corpus, fewer)
        assert {row["claim_id"] for row in rows.corpus.ledger()} == {"total_params"}
        assert [row["id"] for row in rows.corpus.claim_rows()] == ["total_params"]
    assert not rows.corpus.claims_are_stale(fewer)


def test_a_topic_without_claims_has_none(rows: Rows, topic: Topic) -> None:
    """Without claims both tables are empty, and a corpus that never had any is not stale."""
    bare = replace(topic, claims=(), claims_digest="")
    read_claims_again(rows.corpus, bare)
    assert rows.corpus.rows("SELECT 1 FROM claims UNION ALL SELECT 1 FROM claim_sightings") == []
    rows.corpus.conn.execute("DELETE FROM meta WHERE key = 'claims_digest'")
    assert not rows.corpus.claims_are_stale(bare)


def test_forgetting_takes_the_sightings_along(rows: Rows) -> None:
    """What was forgotten states no claim any more."""
    forget(rows.corpus, "https://news.test/1", now=NOW)
    assert rows.corpus.rows("SELECT 1 FROM claim_timeline WHERE outlet = '甲报'") == []
    assert rows.corpus.rows("PRAGMA foreign_key_check") == []


def planted(corpus: Corpus, view: str) -> set[tuple[Any, ...]]:
    """Return what a view shows of the sample web: claim, outlet, value."""
    value = {"edited_numbers": "before", "mutations": "value"}.get(view, "said")
    sql = f"SELECT DISTINCT claim_id, outlet, {value} AS value FROM {view}"
    return {(row["claim_id"], row["outlet"], row["value"]) for row in corpus.rows(sql)}


def test_the_sample_web_is_in_its_views(demo: tuple[Path, str]) -> None:
    """Every planted mutation, contradiction and edited number is in its view, and nothing else is."""
    with Corpus(demo[0], read_only=True) as corpus:
        assert planted(corpus, "contradictions") == {
            ("total_params", "Pacific Courier", 3.09e10), ("code_rank", "财鉴", 2.0),
        }  # fmt: skip
        assert planted(corpus, "mutations") == {
            ("total_params", "Pacific Courier", 3.09e10), ("code_rank", "财鉴", 2.0), ("iot", "大号", 8.2e8),
        }  # fmt: skip
        assert planted(corpus, "edited_numbers") == {("total_params", "Pacific Courier", 3.09e10)}


def test_the_sample_webs_scope_traps(demo: tuple[Path, str]) -> None:
    """AI-only spending, another baseline, other models and an older plan are of another scope, and only they."""
    with Corpus(demo[0], read_only=True) as corpus:
        rows = corpus.rows("SELECT DISTINCT claim_id, said, unit FROM other_scopes WHERE rule NOT LIKE 'said of %'")
        assert {(row["claim_id"], row["said"], row["unit"]) for row in rows} == {
            ("rnd_2026", 1.6e10, "CNY"), ("rnd_2026", 6e10, "CNY"), ("rnd_2026", 8.3e9, "USD"),
            ("rnd_5y", 1e11, "CNY"), ("cost", 0.025, "ratio"), ("speed", 2.0, "x"), ("speed", 2.6, "x"),
            ("speed", 150.0, "token/s"),
        }  # fmt: skip
        others = corpus.rows("SELECT DISTINCT said FROM other_scopes WHERE rule LIKE 'said of %'")
        assert {row["said"] for row in others} == {4.7e9, 1e12, 4.2e10, 1e11, 3.1e11, 1.5e10, 1.02e12, 3.09e11}


def test_candidates_are_found_without_being_told(demo: tuple[Path, str]) -> None:
    """1T and 42B of another model, and 60 billion, are offered where no claim knows them, by two witnesses at least."""
    bare = replace(sample_topic(), claims=())
    with Corpus(demo[0], read_only=True) as corpus:
        texts = [
            claims.Text(
                **{key: row[key] for key in ("title", "body", "url", "outlet", "at", "copies")}, known=frozenset()
            )
            for row in corpus.independent_texts()
        ]
    found = {(each.subject, each.value, each.unit) for each in claims.candidates(bare, texts)}
    assert {("MiMo-V2-Pro", 4.2e10, None), ("MiMo-V2-Pro", 1e12, None), ("小米", 6e10, "CNY")} <= found
    assert all(each.texts >= 2 for each in claims.candidates(bare, texts))


def run(*arguments: str) -> str:
    """Run a command and return what it prints."""
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_command(demo: tuple[Path, str], tmp_path: Path) -> None:
    """`houxu claims` prints values, witnesses and quotes; ID narrows it; --candidates leaves out what is known."""
    sample = str(topics.PACKAGED.parents[1] / "sample" / "topic.toml")
    db = str(demo[0])
    shown = run("claims", "--db", db, "--topic", sample)
    assert "total_params: MiMo-V2-Flash has 309B parameters, said on 2025-12-17" in shown
    assert "30.9 billion: contradicts it; 1 independent text" in shown
    assert "quoting 罗福莉" in shown
    one = json.loads(run("claims", "iot", "--db", db, "--topic", sample, "--json"))
    assert {row["claim_id"] for row in one} == {"iot"}
    offered = run("claims", "--candidates", "--db", db, "--topic", sample)
    assert "MiMo-V2-Pro" in offered
    assert CliRunner().invoke(main, ["claims", "nobody", "--db", db, "--topic", sample]).exit_code == 1


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('id = "a"\nname = "A"\nwords = ["茶"]', "claim 1 (a).value is missing: expected one number"),
        (
            'id = "a"\nname = "A"\nvalue = "3x or 5x"\nwords = ["茶"]',
            'claim 1 (a).value = "3x or 5x": expected one number',
        ),
        ('id = "a"\nname = "A"\nvalue = "3x"', "claim 1 (a).words is missing: expected words that mark the claim"),
        ('id = "a b"\nname = "A"\nsays = ["茶"]', 'claim 1 (a b).id = "a b": expected a short name without spaces'),
        ('id = "a"\nname = "A"\nsays = ["茶"]\nwrods = []', "(did you mean words?)"),
        ('id = "a"\nname = "A"\nsays = ["茶"]\n[[claim]]\nid = "a"\nname = "B"\nsays = ["茶"]', "claim 1 has it"),
    ],
)
def test_mistakes_in_claims_are_named(tmp_path: Path, toml: str, said: str) -> None:
    """A mistake names the claim, the key, its value and what was expected."""
    file = tmp_path / "t.toml"
    file.write_text(f'[topic]\nid = "t"\nname = "T"\n[relevance]\nstrong = ["茶"]\n[[claim]]\n{toml}\n', "utf-8")
    with pytest.raises(TopicError) as caught:
        topics.load(file)
    assert said in str(caught.value)
