from __future__ import annotations

import json
import sqlite3
import tomllib
from collections import Counter
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler import stories
from crawler.corpus.store import Corpus
from crawler.model import Article, Verdict
from crawler.path import append_article
from crawler.stories import Item, joining
from crawler.stories.terms import _read_word
from crawler.topic.reader import load
from tests.bench.stories import bcubed
from tests.support.work import calls

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

TEXTS: list[dict[str, Any]] = tomllib.loads((Path(__file__).parents[1] / "data/stories.toml").read_text("utf-8"))[
    "text"
]
NEWEST = max(text["at"] for text in TEXTS)
TOLD_TWICE = sorted(name for name, times in Counter(text["story"] for text in TEXTS).items() if times > 1)
NAMES = stories.names(load().relevance)
VERDICT = Verdict(relevant=True, score=1.0, rule="test", hits=(), topic_digest="")


def item(number: int, text: dict[str, Any]) -> Item:
    """Return a text of the data file as stories see it."""
    terms = stories.features(text["title"], text["body"], NAMES)
    return Item(id=number, at=text["at"], url=f"https://a.example/{number:02}", terms=terms)


def weigher(items: Sequence[Item]) -> Callable[[str], float]:
    """Return the idf of a term among these texts."""
    held = Counter(term for each in items for term in {stories.word(term) for term in each.terms})
    return lambda term: stories.idf(held[term], len(items))


def settled(items: Sequence[Item]) -> set[frozenset[int]]:
    """Return the stories of these texts."""
    return set(map(frozenset, stories.settle(sorted(items, key=lambda each: each.rank), weigher(items))))


ITEMS = [item(number, text) for number, text in enumerate(TEXTS)]


# The stage.


def test_every_story_is_one_in_both_languages_and_near_misses_stay_apart() -> None:
    """Among eight stories in Chinese and English and six that share their people and days, each is one."""
    gold: dict[str, set[int]] = {}
    for number, text in enumerate(TEXTS):
        gold.setdefault(text["story"], set()).add(number)
    assert settled(ITEMS) == set(map(frozenset, gold.values()))


@pytest.mark.parametrize("name", TOLD_TWICE)
def test_two_texts_suffice(name: str) -> None:
    """A corpus of one Chinese and one English text about one event holds one story."""
    assert len(settled([each for each, text in zip(ITEMS, TEXTS, strict=True) if text["story"] == name])) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("joins", "flash"),  # one person, five weeks later
        ("flash", "pact"),  # one conference, one day
        ("flash", "pro"),  # one family of models, three months
        ("hunter", "pro"),  # the rumour and the launch
        ("pro", "budget"),  # one company, one day
        ("results", "price"),  # a day apart
        ("price", "retire"),  # nine days
        ("plan", "price"),  # both about what it costs
        ("robot-model", "robots"),  # 4.7 billion parameters in both
        ("retire", "code"),  # six days, the same models
        ("interview", "joins"),  # the same person, nothing else
    ],
)
def test_near_misses_stay_apart_alone(one: str, other: str) -> None:
    """The same people, models or days do not make one event, even in a corpus of nothing else."""
    chosen = [each for each, text in zip(ITEMS, TEXTS, strict=True) if text["story"] in {one, other}]
    names = {each.id: TEXTS[each.id]["story"] for each in chosen}
    assert all(len({names[each] for each in story}) == 1 for story in settled(chosen))


def test_traditional_characters_are_no_other_language() -> None:
    """A traditional copy has the terms of the simplified text."""
    simple = stories.features("小米发布开源大模型", "罗福莉称总参数3090亿，激活150亿。", NAMES)
    assert stories.features("小米發布開源大模型", "羅福莉稱總參數3090億，激活150億。", NAMES) == simple


def test_inserted_pinyin_is_no_text() -> None:
    """A mirror that writes readings behind characters says what its original says."""
    simple = stories.features("", "罗福莉称总参数3090亿，她说差距只剩几个月。", NAMES)
    assert stories.features("", "羅(luó)福莉稱總(zǒng)參數3090億(yì)，她說差(chà)距只剩幾個月。", NAMES) == simple


def test_bridges_between_languages() -> None:
    """Names in Latin letters, names with several spellings and numbers are the same terms in both languages."""
    chinese = stories.features(
        "小米发布MiMo-V2-Flash", "罗福莉说，模型总参数3090亿，投入2000亿元，费用是Gemini的5%。", NAMES
    )
    english = stories.features(
        "MiMo-V2-Flash by Xiaomi", "A 309B model, said Luo Fuli. It costs 1/20 of Gemini, of 200 billion yuan.", NAMES
    )
    shared = {term for term in chinese.keys() & english.keys() if stories.bridging(term)}
    assert {"@小米", "@罗福莉", "@mimo-v2-flash", "@flash", "#3.09e+11", "#2e+11CNY", "#0.05ratio", "@gemini"} <= shared


def test_dates_and_small_counts_are_no_terms() -> None:
    """What is in every text joins nothing."""
    terms = stories.features("", "2025年12月17日，小米的三款产品。On Dec. 17, 2025, two models and three days.", NAMES)
    assert not {term for term in terms if term.startswith("#")}


def test_a_sentence_capital_is_no_name() -> None:
    """A word is a name when it has a capital where no sentence begins."""
    terms = stories.features("", "Prices fell. Prices rose again at Gemini. What Gemini does is up to Gemini.", ())
    assert "@gemini" in terms
    assert "pric" in terms
    assert "@pric" not in terms


def test_what_is_longer_than_a_word_is_no_term() -> None:
    """It would be stored with its text, and remembered with the words of the language: 3 MB of one page."""
    held = _read_word.cache_info().currsize
    assert list(stories.features("", f"{'Long' * 16}x {'ab-' * 30}c {'1a' * 90_000}", ())) == []
    assert _read_word.cache_info().currsize == held
    assert list(stories.features("", "long" * 16, ())) == ["long" * 16]


def test_terms_are_bounded() -> None:
    """However long a text is, it keeps the same number of terms, the same each time."""
    text = " ".join(f"word{number}x number {number} million" for number in range(3000))
    terms = stories.features("A title", text, NAMES)
    assert len(terms) == 160
    assert list(stories.features("A title", text, NAMES)) == list(terms)


def test_late_coverage_of_an_event_joins_only_while_it_lasts() -> None:
    """The same words a day later are the same event; four weeks later they are another, or a template."""
    first, second = ITEMS[0], ITEMS[1]
    for days, together in ((0, True), (1, True), (28, False)):
        later = Item(id=99, at=second.at + timedelta(days=days), url="https://a.example/99", terms=second.terms)
        assert (len(settled([first, later])) == 1) is together, days


@given(st.permutations(ITEMS), st.integers(3, 30))
@settings(max_examples=25, deadline=None)
def test_order_of_arrival_does_not_matter_to_the_stage(order: list[Item], slices: int) -> None:
    """Any order of the same texts gives the same stories, in slices or at once."""
    with pytest.MonkeyPatch.context() as patch:
        whole = settled(order)
        patch.setattr(joining, "SLICE", slices)
        assert settled(order) == whole


@given(st.permutations(ITEMS))
@settings(max_examples=10, deadline=None)
def test_the_two_most_alike_are_merged_first(order: list[Item]) -> None:
    """What is remembered between two merges changes none: every pair measured anew each time gives the same stories."""
    groups = [joining._group(item, lambda _: 1.0, place) for place, item in enumerate(order[:20])]
    quick = [group.ids() for group in joining._merge(deepcopy(groups))]
    while len(groups) > 1:
        sizes = np.array([len(group.members) for group in groups])
        first, last = (np.array([getattr(group, name) for group in groups]) for name in ("first", "last"))
        gaps = np.maximum(0, np.maximum(first[:, None] - last, first - last[:, None]))
        alike = np.triu(joining._similarities(groups) / np.outer(sizes, sizes) * np.exp(-gaps), 1)
        one, other = np.unravel_index(alike.argmax(), alike.shape)
        if alike[one, other] < joining.JOIN:
            break
        joining._absorb(groups[one], groups.pop(other))
    assert sorted(quick) == sorted(group.ids() for group in groups)


def test_equal_texts_are_merged_without_measuring_each_again() -> None:
    """Four times the texts call four times the functions: whose best was merged is measured when its turn comes."""
    terms = {f"word{number}": 1.0 for number in range(20)}

    def work(count: int) -> None:
        urls = [f"https://a.example/{number}" for number in range(count)]
        items = [Item(id=id_, at=NEWEST, url=url, terms=terms) for id_, url in enumerate(urls)]
        assert len(list(stories.settle(items, lambda _: 3.0))) == 1

    assert calls(lambda: work(400)) <= 1.3 * 4 * calls(lambda: work(100))


def test_a_text_without_terms_is_a_story_of_its_own() -> None:
    """Nothing in common is not the same event."""
    blank = [Item(id=number, at=NEWEST, url=f"https://a.example/{number}", terms={}) for number in (1, 2)]
    assert settled(blank) == {frozenset({1}), frozenset({2})}


# The corpus.


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    """Open a corpus."""
    with Corpus(tmp_path / "corpus.db", create=True) as corpus:
        yield corpus


def append(corpus: Corpus, number: int, text: dict[str, Any], *, seen_at: datetime = NEWEST, **changes: Any) -> int:
    """Append a text of the data file along the path and return its article."""
    said = {"title": text["title"], "body": text["body"], "outlet": f"outlet {number}", "published_at": text["at"]}
    article = Article(url=f"https://a.example/{number:02}", **(said | changes))
    visit = append_article(corpus, load(), article, VERDICT, seen_at)
    assert visit.article_id is not None
    return visit.article_id


def partition(corpus: Corpus) -> set[frozenset[str]]:
    """Return the stories as sets of URLs."""
    found: dict[int, set[str]] = {}
    for row in corpus.rows("SELECT story_id, url FROM articles"):
        found.setdefault(row["story_id"], set()).add(row["url"])
    return set(map(frozenset, found.values()))


def check_counts(corpus: Corpus) -> None:
    """Every story's row says what its articles say, and every article has a story."""
    for row in corpus.rows("SELECT * FROM stories"):
        articles = corpus.rows(
            "SELECT a.*, coalesce(a.published_at, a.first_seen_at) AS at, r.title FROM articles a "
            "JOIN revisions r ON r.id = a.latest_id WHERE story_id = ? AND relevant = 1 ORDER BY at, url",
            (row["id"],),
        )
        first = next(each for each in articles if each["id"] == each["root_id"])
        assert row["articles"] == len(articles)
        assert row["outlets"] == len({each["outlet"] for each in articles})
        assert row["voices"] == len({each["root_id"] for each in articles})
        assert (row["first_at"], row["last_at"]) == (articles[0]["at"], max(each["at"] for each in articles))
        assert (row["root_id"], row["headline"]) == (first["id"], first["title"])
    held = {row["story_id"] for row in corpus.rows("SELECT story_id FROM articles WHERE relevant = 1")}
    assert held == {row["id"] for row in corpus.rows("SELECT id FROM stories")}


def check_index(corpus: Corpus) -> None:
    """Vectors belong to roots, and terms count exactly the vectors that hold them."""
    assert {row["article_id"] for row in corpus.rows("SELECT article_id FROM vectors")} == {
        row["id"] for row in corpus.rows("SELECT id FROM articles WHERE id = root_id AND relevant = 1")
    }
    counted = Counter(
        word
        for row in corpus.rows("SELECT terms FROM vectors")
        for word in {stories.word(term) for term in json.loads(row["terms"])}
    )
    assert counted == {row["term"]: row["articles"] for row in corpus.rows("SELECT * FROM terms WHERE articles > 0")}
    assert int(corpus.meta("texts") or 0) == corpus.value("SELECT count(*) FROM vectors")


@given(st.randoms(use_true_random=False))
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_order_of_arrival_does_not_matter(luck: random.Random) -> None:
    """The same pages in any order, settled whenever, give the same stories, counts and index."""
    orders = []
    for _ in range(2):
        numbers = list(range(len(TEXTS)))
        luck.shuffle(numbers)
        with TemporaryDirectory() as folder, Corpus(Path(folder) / "corpus.db", create=True) as corpus:
            for number in numbers:
                with corpus.transaction():
                    append(corpus, number, TEXTS[number])
                    if luck.random() < 0.2:
                        corpus.settle(NEWEST)
            with corpus.transaction():
                corpus.settle(NEWEST, days=None)
            check_counts(corpus)
            check_index(corpus)
            rows = corpus.rows("SELECT headline, first_at, last_at, articles, outlets, voices FROM stories")
            orders.append((partition(corpus), sorted(map(str, rows))))
    assert orders[0] == orders[1]


def test_a_copy_follows_its_root_and_is_no_voice(corpus: Corpus) -> None:
    """A reprint is in its original's story, adds an article and an outlet, and no voice and no vector."""
    with corpus.transaction():
        append(corpus, 0, TEXTS[0])
        copy = append(corpus, 50, TEXTS[0], published_at=TEXTS[0]["at"] + timedelta(hours=3))
        append(corpus, 1, TEXTS[1])
        corpus.settle(NEWEST)
    (story,) = corpus.rows("SELECT * FROM stories")
    assert (story["articles"], story["outlets"], story["voices"]) == (3, 3, 2)
    assert corpus.value("SELECT 1 FROM vectors WHERE article_id = ?", (copy,)) is None
    check_counts(corpus)
    check_index(corpus)


def test_an_original_found_late_becomes_the_root(corpus: Corpus) -> None:
    """Where the original arrives after its copy, the vector moves to it and the story keeps its id."""
    with corpus.transaction():
        append(corpus, 50, TEXTS[0], published_at=TEXTS[0]["at"] + timedelta(hours=3))
        corpus.settle(NEWEST)
        held = corpus.value("SELECT id FROM stories")
        original = append(corpus, 0, TEXTS[0])
        corpus.settle(NEWEST)
    (story,) = corpus.rows("SELECT * FROM stories")
    assert (story["id"], story["root_id"], story["voices"]) == (held, original, 1)
    check_counts(corpus)
    check_index(corpus)


def test_a_story_keeps_its_id_when_an_earlier_text_is_found(corpus: Corpus) -> None:
    """People who hold an id find the story under it, whatever arrives later."""
    with corpus.transaction():
        append(corpus, 1, TEXTS[1])
        corpus.settle(NEWEST)
        held = corpus.value("SELECT id FROM stories")
        append(corpus, 0, TEXTS[0])
        corpus.settle(NEWEST)
    (story,) = corpus.rows("SELECT * FROM stories")
    assert story["id"] == held
    assert story["headline"] == TEXTS[0]["title"]


def test_stories_that_turn_out_to_be_one_take_the_older_id(corpus: Corpus) -> None:
    """Two stories merged keep the id that was given first; the other is gone and is never given again."""
    with corpus.transaction():
        for number in (1, 0):
            append(corpus, number, TEXTS[number])
        older, younger = (row["id"] for row in corpus.rows("SELECT id FROM stories ORDER BY first_at DESC"))
        corpus.settle(NEWEST)
        assert [row["id"] for row in corpus.rows("SELECT id FROM stories")] == [older]
        append(corpus, 2, TEXTS[2])
    assert corpus.value("SELECT max(id) FROM stories") > younger > older


def test_a_late_article_joins_the_old_story_of_its_event_alone(corpus: Corpus) -> None:
    """Found months later, a text goes where its event is, not to what the same people did since."""
    december = [number for number, text in enumerate(TEXTS) if text["story"] == "flash"]
    with corpus.transaction():
        for number in range(len(TEXTS)):
            if number != december[1]:
                append(corpus, number, TEXTS[number], seen_at=TEXTS[number]["at"])
        corpus.settle(NEWEST)
        story = corpus.value("SELECT story_id FROM articles WHERE url LIKE ?", (f"%/{december[0]:02}",))
        late = append(corpus, december[1], TEXTS[december[1]], seen_at=NEWEST + timedelta(days=90))
        corpus.settle(NEWEST + timedelta(days=90))
    assert corpus.value("SELECT story_id FROM articles WHERE id = ?", (late,)) == story
    check_counts(corpus)


def test_settling_twice_changes_nothing(corpus: Corpus) -> None:
    """Running twice equals running once: the second time there is nothing to do."""
    with corpus.transaction():
        for number, text in enumerate(TEXTS):
            append(corpus, number, text)
        assert corpus.settle(NEWEST, days=None) == len({text["story"] for text in TEXTS})
        before = corpus.rows("SELECT * FROM stories"), corpus.rows("SELECT id, story_id FROM articles")
        assert corpus.settle(NEWEST) == 0
        corpus.settle(NEWEST, days=None)
        assert (corpus.rows("SELECT * FROM stories"), corpus.rows("SELECT id, story_id FROM articles")) == before


def test_a_rewritten_page_may_change_its_story(corpus: Corpus) -> None:
    """One URL whose text becomes another story goes over to it; vectors and counts follow."""
    robots = next(number for number, text in enumerate(TEXTS) if text["story"] == "robots")
    with corpus.transaction():
        for number in (0, 1, robots, robots + 1):
            append(corpus, number, TEXTS[number])
        corpus.settle(NEWEST)
        append(
            corpus,
            1,
            TEXTS[robots + 1],
            body=TEXTS[robots + 1]["body"].split("\n\n")[0] + " A camera saw it, Xiaomi said.",
        )
        corpus.settle(NEWEST)
    check_counts(corpus)
    check_index(corpus)


def test_an_article_taken_out_leaves_its_story(corpus: Corpus) -> None:
    """What is off topic after all is in no story and weighs nothing; an empty story is gone."""
    with corpus.transaction():
        one, other = append(corpus, 0, TEXTS[0]), append(corpus, 1, TEXTS[1])
        alone = append(corpus, 2, TEXTS[2])
        corpus.settle(NEWEST)
        for article in (one, alone):
            corpus.conn.execute("UPDATE articles SET relevant = 0 WHERE id = ?", (article,))
            corpus.unplace(article)
        corpus.settle(NEWEST)
    (story,) = corpus.rows("SELECT * FROM stories")
    assert (story["root_id"], story["articles"]) == (other, 1)
    check_index(corpus)


def test_a_transaction_undone_leaves_no_trace(corpus: Corpus) -> None:
    """Dying anywhere equals not dying: stories, vectors and counts roll back together."""
    with corpus.transaction():
        append(corpus, 0, TEXTS[0])
    held = {table: corpus.rows(f"SELECT * FROM {table}") for table in ("stories", "vectors", "terms")}

    def killed() -> None:
        with corpus.transaction():
            append(corpus, 1, TEXTS[1])
            corpus.settle(NEWEST)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        killed()
    assert {table: corpus.rows(f"SELECT * FROM {table}") for table in held} == held
    check_index(corpus)


def test_a_locked_database_is_waited_for(corpus: Corpus) -> None:
    """A reader in another connection does not stop settling; a writer does, and nothing is lost."""
    with corpus.transaction():
        append(corpus, 0, TEXTS[0])
    other = sqlite3.connect(corpus.path, isolation_level=None)
    try:
        other.execute("BEGIN")
        assert other.execute("SELECT count(*) FROM stories").fetchone() == (1,)
        with corpus.transaction():
            append(corpus, 1, TEXTS[1])
            corpus.settle(NEWEST)
        other.execute("COMMIT")
        other.execute("BEGIN IMMEDIATE")
        corpus.conn.execute("PRAGMA busy_timeout = 0")
        with pytest.raises(Exception, match="locked"), corpus.transaction():
            corpus.settle(NEWEST)
        other.execute("ROLLBACK")
    finally:
        other.close()
    check_counts(corpus)


def test_a_text_is_a_story_of_its_own_until_the_run_is_over(corpus: Corpus) -> None:
    """Readers of the moment find every text in a story, a copy in its original's; then near texts become one."""
    with corpus.transaction():
        first, second = append(corpus, 0, TEXTS[0]), append(corpus, 1, TEXTS[1])
        append(corpus, 50, TEXTS[0], published_at=TEXTS[0]["at"] + timedelta(hours=3))
    roots = [(row["root_id"], row["articles"]) for row in corpus.rows("SELECT * FROM stories ORDER BY root_id")]
    assert roots == [(first, 2), (second, 1)]
    check_counts(corpus)
    with corpus.transaction():
        corpus.settle(NEWEST)
    assert corpus.value("SELECT count(*) FROM stories") == 1
    check_counts(corpus)


# The benchmark's measure.


def test_bcubed() -> None:
    """The measure is what its authors say: perfect at the truth, its halves elsewhere."""
    true = dict(zip("abcd", (1, 1, 2, 2), strict=True))
    assert bcubed(true, true) == (1, 1, 1)
    assert bcubed(dict.fromkeys("abcd", 1), true)[:2] == (0.5, 1)
    assert bcubed(dict(zip("abcd", range(4), strict=True)), true)[:2] == (1, 0.5)
    assert bcubed(dict.fromkeys("abcd", 1), true)[2] == pytest.approx(2 / 3)
