"""The corpus as a machine: whatever is done to it, in whatever order, dying included, it stays sound."""

from __future__ import annotations

import os
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from crawler.archives.merge import merge
from crawler.corpus.forgetting import forget
from crawler.corpus.maintenance import backup
from crawler.corpus.merging.texts import Merging
from crawler.corpus.runs import RunEnding
from crawler.corpus.store import Corpus
from crawler.dedupe import canonical_url
from crawler.model import Ending, Page
from crawler.path import append, prepare
from crawler.sample.demo import sample_topic
from tests.faults.work import NOON, page_of, picture, problems

MACHINES = int(os.environ.get("HOUXU_MACHINES", "6"))
"""How many lives of the machine are tried."""

NUMBERS = st.integers(0, 11)
HOSTS = st.sampled_from(["bao.test", "wang.test"])


class CorpusMachine(RuleBasedStateMachine):
    """Two corpora, the second a shard that is merged now and then; what was acknowledged of each is written down."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.topic = sample_topic()
        self.now = NOON
        self.kept: set[str] = set()
        self.gone: set[str] = set()
        self.backups = 0

    @initialize()
    def open(self) -> None:
        """Make the corpora."""
        self.corpus = Merging(self.folder / "c.db", create=True)
        self.shard = Corpus(self.folder / "shard.db", create=True)
        for corpus in (self.corpus, self.shard):
            corpus.claim_topic(self.topic.id, str(self.topic.seed))

    def teardown(self) -> None:
        """Leave nothing behind."""
        self.corpus.close()
        self.shard.close()
        shutil.rmtree(self.folder)

    def _page(self, host: str, number: int, edition: int) -> Page:
        self.now += timedelta(minutes=7)
        return page_of(f"https://{host}/{number}", number, edition, self.now)

    def _take(self, corpus: Corpus, page: Page) -> Ending:
        run_id = corpus.start_run("person", self.now)
        ending = append(corpus, self.topic, prepare(self.topic, page), run_id).ending
        corpus.end_run(run_id, RunEnding.DONE, self.now)
        return ending

    @rule(host=HOSTS, number=NUMBERS, edition=st.integers(0, 1), settle=st.booleans())
    def append_page(self, host: str, number: int, edition: int, *, settle: bool) -> None:
        """A page comes: new, known, edited, a copy, off topic, or one that nothing can read."""
        page = self._page(host, number, edition)
        ending = self._take(self.corpus, page)
        if ending in {Ending.STORED, Ending.REVISED, Ending.UNCHANGED, Ending.PAYWALLED}:
            assert canonical_url(page.url) not in self.gone
            self.kept.add(canonical_url(page.url))
        assert (ending is Ending.BLOCKED) == (canonical_url(page.url) in self.gone)
        if settle:
            with self.corpus.transaction():
                self.corpus.settle(self.now, days=None)

    @rule(host=HOSTS, number=NUMBERS, edition=st.integers(0, 1))
    def append_twice(self, host: str, number: int, edition: int) -> None:
        """The same page again adds no text."""
        page = self._page(host, number, edition)
        first = self._take(self.corpus, page)
        assert self._take(self.corpus, page) in {first, Ending.UNCHANGED, Ending.DUPLICATE}
        if first in {Ending.STORED, Ending.REVISED}:
            self.kept.add(canonical_url(page.url))

    @rule(host=HOSTS, number=NUMBERS, edition=st.integers(0, 1))
    def shard_page(self, host: str, number: int, edition: int) -> None:
        """A page comes to the shard."""
        self._take(self.shard, self._page(host, number, edition))

    @rule(host=HOSTS, number=NUMBERS)
    def die_in_the_middle(self, host: str, number: int) -> None:
        """The connection is dropped before the commit: nothing of it is there."""
        before = len(self.corpus.rows("SELECT * FROM visits")), self.corpus.rows("SELECT * FROM revisions")
        page = self._page(host, number, 0)
        run_id = self.corpus.start_run("person", self.now)
        self.corpus.conn.execute("BEGIN IMMEDIATE")
        self.corpus.transaction = no_transaction  # type: ignore[method-assign,assignment]  # append goes into the open one
        append(self.corpus, self.topic, prepare(self.topic, page), run_id)
        self.corpus.close()
        self.corpus = Merging(self.folder / "c.db", create=True)
        assert before == (len(self.corpus.rows("SELECT * FROM visits")), self.corpus.rows("SELECT * FROM revisions"))

    @precondition(lambda self: self.kept)
    @rule(data=st.data())
    def forget_one(self, data: st.DataObject) -> None:
        """A person has an article forgotten."""
        url = data.draw(st.sampled_from(sorted(self.kept)))
        forget(self.corpus, url, now=self.now)
        self.kept.discard(url)
        self.gone.add(url)

    @rule()
    def back_up(self) -> None:
        """A backup is the corpus of this moment."""
        self.backups += 1
        target = self.folder / f"b{self.backups}.db"
        backup(self.corpus, target)
        assert picture(target) == picture(self.corpus.path)

    @rule()
    def merge_shard(self) -> None:
        """The shard is merged; again, it changes nothing; what was forgotten stays so."""
        merge(self.corpus, self.topic, [self.shard.path])
        held = picture(self.corpus.path)
        merge(self.corpus, self.topic, [self.shard.path])
        assert picture(self.corpus.path) == held
        self.kept |= {row["url"] for row in self.corpus.rows("SELECT url FROM articles")}

    @invariant()
    def is_sound(self) -> None:
        """Integrity, keys, endings, trees, index, pages."""
        assert problems(self.corpus) == []

    @invariant()
    def holds_what_it_acknowledged(self) -> None:
        """Every article that was acknowledged and not forgotten, and none that was forgotten."""
        held = {row["url"] for row in self.corpus.rows("SELECT url FROM articles")}
        assert self.kept <= held
        assert not self.gone & held


class no_transaction:  # noqa: N801 it stands in for a method
    """A context that begins nothing and commits nothing."""

    def __enter__(self) -> None: ...

    def __exit__(self, *_error: object) -> None: ...


TestCorpusMachine = CorpusMachine.TestCase
TestCorpusMachine.settings = settings(
    max_examples=MACHINES, stateful_step_count=12, deadline=None, suppress_health_check=[*HealthCheck]
)
