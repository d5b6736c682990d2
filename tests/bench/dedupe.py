"""How well copies are found, how fast texts are signed, and what the index costs, beside the peers that are installed.

Peers: datasketch, rensa, simhash. The index is ours, the same fingerprints as rows WITHOUT ROWID (up to 100,000 texts),
and 27 integer rows a text, which is what the others are measured against.
"""

from __future__ import annotations

import gzip
import json
import time
from collections import Counter, defaultdict
from importlib import import_module
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from crawler.corpus.store import Corpus
from crawler.dedupe import sketch
from crawler.limits import CANDIDATES
from crawler.text import folding
from tests.bench.adapters import reprints
from tests.bench.tables import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tests.bench.tables import Cell

DATA = Path(__file__).parents[2] / "../shared/bench/dedupe/reprints.dev.jsonl.gz"

SIZES = (10_000, 100_000, 1_000_000)

FINGERPRINTS = 53
"""Of one text in the index benchmark: a text of 430 characters, as research/dedupe.md measured with."""

Pairs = dict[tuple[int, int], float]


def peers() -> list[str]:
    """Return the peers that are installed."""
    return [name for name in ("datasketch", "rensa", "simhash") if find_spec(name)]


def run(quick: bool) -> Iterator[Table]:
    """Yield signing and quality where there are texts, and the index."""
    if DATA.exists():
        with gzip.open(DATA, "rt", encoding="utf-8") as lines:
            docs = [json.loads(line) for line in lines]
        yield signing(docs[:500] if quick else docs)
        if not quick:
            yield quality(docs)
    yield from index(2000 if quick else SIZES[-1], 2000 if quick else SIZES[1])


# Quality


def quality(docs: list[dict[str, Any]]) -> Table:
    """Return pairwise precision, recall and F1, ours at its own threshold, each peer's at its best."""
    families = defaultdict(list)
    for place, doc in enumerate(docs):
        if doc["family"] is not None:
            families[doc["family"]].append(place)
    truth = {pair for places in families.values() for pair in combinations(places, 2)}
    place_of = {doc["id"]: place for place, doc in enumerate(docs)}
    rows: list[tuple[Cell, ...]] = []
    for name, fields in (("with dates", ("id", "text", "date", "lang")), ("text only", ("id", "text", "lang"))):
        said: Pairs = {}
        for one, other, score in reprints([{field: doc[field] for field in fields} for doc in docs]):
            low, high = sorted((place_of[one], place_of[other]))
            said[low, high] = score
        hits = len(truth & said.keys())
        precision, recall = hits / len(said), hits / len(truth)
        f1 = 2 * precision * recall / (precision + recall)
        rows.append((f"houxu {name}", precision, recall, f1, curve(said, truth)[1]))
    for name, make in signers().items():
        if name == "houxu":
            continue
        f1, at_precision = curve(similar([make(doc["text"]) for doc in docs], bits=name == "simhash"), truth)
        rows.append((f"{name}, its best threshold", None, None, f1, at_precision))
    return Table(f"pairs of copies among {len(docs):,} texts", ("runner", "P", "R", "F1", "R at P .995"), rows)


def curve(said: Pairs, truth: set[tuple[int, int]]) -> tuple[float, float]:
    """Return the best F1 over thresholds, and the best recall where precision is at least .995."""
    order = sorted(said, key=lambda pair: -said[pair])
    hits = np.cumsum([pair in truth for pair in order])
    precision, recall = hits / np.arange(1, len(order) + 1), hits / len(truth)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
    return float(f1.max()), float(recall[precision >= 0.995].max(initial=0))


def similar(signatures: list[Any], *, bits: bool) -> Pairs:
    """Compare all with all, so that no peer loses a pair to its index: equal minima, or equal bits of 64."""
    table = np.array(signatures, dtype=np.uint64)
    pairs: Pairs = {}
    for place in range(1, len(table)):
        if bits:
            scores = 1 - np.bitwise_count(table[:place] ^ table[place]) / 64
        else:
            scores = (table[:place] == table[place]).mean(axis=1)
        for other in np.flatnonzero(scores >= (0.8 if bits else 0.25)).tolist():
            pairs[other, place] = float(scores[other])
    return pairs


# Signing


def shingles(body: str) -> list[str]:
    """Return the character 5-grams of the folded text: the peers' best input in research/dedupe.md."""
    bare = folding.bare(body)
    return [bare[start : start + 5] for start in range(max(1, len(bare) - 4))]


def signers() -> dict[str, Callable[[str], Any]]:
    """Return who can sign a text: name -> text -> signature, folding included."""
    found: dict[str, Callable[[str], Any]] = {"houxu": sketch}
    if "datasketch" in peers():
        minhash = import_module("datasketch").MinHash

        def with_datasketch(body: str) -> Any:
            made = minhash(num_perm=128)
            made.update_batch([gram.encode() for gram in shingles(body)])
            return made.hashvalues

        found["datasketch MinHash 128"] = with_datasketch
    if "rensa" in peers():
        rminhash = import_module("rensa").RMinHash

        def with_rensa(body: str) -> Any:
            made = rminhash(num_perm=128, seed=1)
            made.update(shingles(body))
            return made.digest()

        found["rensa RMinHash 128"] = with_rensa
    if "simhash" in peers():
        simhash = import_module("simhash").Simhash
        found["simhash"] = lambda body: simhash(shingles(body)).value
    return found


def signing(docs: list[dict[str, Any]]) -> Table:
    """Return documents per CPU-second, the signers taking turns over the same texts."""
    spent: Counter[str] = Counter()
    sign = signers()
    for start in range(0, len(docs), 100):
        for name, make in sign.items():
            began = time.process_time()
            for doc in docs[start : start + 100]:
                make(doc["text"])
            spent[name] += time.process_time() - began  # type: ignore[assignment]  # a Counter adds floats as well
    mean = sum(len(doc["text"]) for doc in docs) / len(docs)
    rows = [(name, len(docs) / spent[name], spent[name] / spent["houxu"]) for name in sign]
    return Table(f"signing texts of {mean:.0f} characters", ("signer", "texts a CPU-second", "CPU, of ours"), rows)


# Index


def sketches() -> Iterator[list[int]]:
    """Yield made-up sketches for ever, the same ones in every run.

    Five fingerprints come from 20,000 common phrases by Zipf's law; one text in five shares 15 to 47 with an older.
    """
    rng = np.random.default_rng(7)
    phrases = rng.integers(-(2**31), 2**31, 20_000)
    weights = np.cumsum(1 / np.arange(1, 20_001) ** 0.8)
    older: list[Any] = []
    while True:
        made = rng.integers(-(2**31), 2**31, FINGERPRINTS)
        made[:5] = phrases[np.searchsorted(weights, rng.random(5) * weights[-1])]
        if older and rng.random() < 0.2:
            upto = 5 + int(rng.integers(15, 48))
            made[5:upto] = older[int(rng.integers(len(older)))][5:upto]
        if len(older) < 100_000:
            older.append(made)
        yield np.unique(made).tolist()


class Index:
    """Our sketches in a corpus with as many articles."""

    name = "houxu (FTS5)"
    tables = "sketches%"

    def __init__(self, folder: Path) -> None:
        self.corpus = Corpus(folder / f"{type(self).__name__}.db", create=True)
        self.size = 0

    def insert(self, revision_id: int, hashes: list[int]) -> None:
        """Add one sketch."""
        self.corpus.add_sketch(revision_id, hashes)

    def query(self, hashes: list[int]) -> None:
        """Look the candidates of one sketch up, texts included."""
        self.corpus.candidates(hashes, "", None)

    def fill(self, size: int, made: Iterable[list[int]]) -> None:
        """Grow to `size` articles, 1,000 a transaction."""
        for start in range(self.size + 1, size + 1, 1000):
            with self.corpus.transaction():
                ids = range(start, start + 1000)
                self._articles(ids)
                for revision_id, hashes in zip(ids, made, strict=False):
                    self.insert(revision_id, hashes)
        self.size = size

    def _articles(self, ids: range) -> None:
        self.corpus.conn.executemany(
            "INSERT INTO articles (id, url, first_seen_at, latest_id, relevant) VALUES (?, ?, '2026-01-01T00:00:00Z', "
            "NULL, 1)",
            [(each, f"https://bench.example/{each}") for each in ids],
        )
        self.corpus.conn.executemany(
            "INSERT INTO revisions (id, article_id, rev, seen_at, title, body, authors, evidence, sha256, bare_sha256) "
            "VALUES (?, ?, 1, '', '', '', '[]', '{}', '', ?)",
            [(each, each, str(each)) for each in ids],
        )
        self.corpus.conn.executemany("UPDATE articles SET latest_id = id WHERE id = ?", [(each,) for each in ids])

    def bytes_each(self) -> float:
        """Return what the index takes on disk for each text."""
        self.corpus.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        taken = self.corpus.value("SELECT sum(pgsize) FROM dbstat WHERE name LIKE ?", (self.tables,))
        return float(taken) / self.size


class Rows(Index):
    """The same as rows (hash, revision_id) WITHOUT ROWID, which the index is not."""

    name = "rows WITHOUT ROWID"
    tables = "as_rows"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.corpus.conn.execute(
            "CREATE TABLE as_rows (hash INTEGER, revision_id INTEGER, PRIMARY KEY (hash, revision_id)) WITHOUT ROWID"
        )

    def insert(self, revision_id: int, hashes: list[int]) -> None:
        """Add one row a fingerprint."""
        self.corpus.conn.executemany("INSERT INTO as_rows VALUES (?, ?)", [(value, revision_id) for value in hashes])

    def query(self, hashes: list[int]) -> None:
        """Look every fingerprint up, the newest holders first."""
        newest = f"SELECT revision_id FROM as_rows WHERE hash = ? ORDER BY revision_id DESC LIMIT {CANDIDATES}"
        shared: Counter[int] = Counter()
        for value in hashes:
            shared.update(row[0] for row in self.corpus.conn.execute(newest, (value,)))

    def _articles(self, ids: range) -> None:
        pass


class Floor(Rows):
    """27 integer rows in order of their key: what the index is measured against."""

    name = "27 integer rows"
    tables = "floor"

    def __init__(self, folder: Path) -> None:
        Index.__init__(self, folder)
        self.corpus.conn.execute("CREATE TABLE floor (id INTEGER PRIMARY KEY, value INTEGER)")
        self.rng = np.random.default_rng(7)

    def insert(self, revision_id: int, hashes: list[int]) -> None:
        """Add 27 rows."""
        first = revision_id * 27
        self.corpus.conn.executemany("INSERT INTO floor VALUES (?, ?)", list(enumerate(hashes[:27], first)))

    def query(self, hashes: list[int]) -> None:
        """Look 27 rows up anywhere."""
        for row in self.rng.integers(27, 27 * self.size, min(27, len(hashes))).tolist():
            self.corpus.conn.execute("SELECT value FROM floor WHERE id = ?", (row,)).fetchone()


def index(to: int, rows_to: int) -> Iterator[Table]:
    """Yield, for each size, the cost of one insert and one query inside an open transaction, and bytes a text."""
    with TemporaryDirectory() as folder:
        kinds: list[tuple[Index, int, Iterator[list[int]]]] = [
            (Floor(Path(folder)), to, sketches()),
            (Index(Path(folder)), to, sketches()),
            (Rows(Path(folder)), rows_to, sketches()),
        ]
        first: dict[str, float] = {}
        for size in (size for size in (min(to, SIZES[0]), *SIZES[1:]) if size <= to):
            rows: list[tuple[Cell, ...]] = []
            floor = (1.0, 1.0)
            for kind, upto, made in kinds:
                if size > upto:
                    continue
                kind.fill(size, made)
                insert, queries = measured(kind, made)
                costs = (float(insert.mean()), float(np.quantile(queries, 0.95)))
                floor = costs if isinstance(kind, Floor) else floor
                median = float(np.median(queries))
                growth = median / first.setdefault(kind.name, median)
                ratios = (costs[0] / floor[0], median, costs[1], costs[1] / floor[1], growth)
                rows.append((kind.name, costs[0], *ratios, round(kind.bytes_each())))
            yield Table(f"the index of copies at {size:,} texts, CPU ms", _COLUMNS, rows)


_COLUMNS = ("kind", "insert", "of the floor", "query p50", "p95", "of the floor", "p50, of the first", "bytes a text")


def measured(kind: Index, made: Iterator[list[int]], times: int = 500) -> tuple[Any, Any]:
    """Return the CPU milliseconds of `times` inserts, each followed by a query, in one transaction, rolled back."""
    inserts, queries = [], []
    conn = kind.corpus.conn
    conn.execute("BEGIN IMMEDIATE")
    for revision_id in range(kind.size + 1, kind.size + times + 1):
        hashes = next(made)
        began = time.process_time()
        kind.insert(revision_id, hashes)
        inserts.append(time.process_time() - began)
        began = time.process_time()
        kind.query(hashes)
        queries.append(time.process_time() - began)
    conn.execute("ROLLBACK")
    return np.array(inserts) * 1000, np.array(queries) * 1000
