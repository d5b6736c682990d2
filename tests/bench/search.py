"""The full-text index against its targets: a plain MATCH, one insert, bulk, size.

The texts are sentences of the dedupe bench (../shared/bench), dealt anew into articles of about 700 characters;
without it there is nothing to measure on. CPU seconds, the best of five where one thing is timed; index sizes are
taken on texts of the bench as they are, copies left out, because dealt sentences repeat and flatter the index.
"""

from __future__ import annotations

import gzip
import json
import random
import re
import tempfile
import time
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.corpus.store import Corpus
from crawler.model import stamp
from crawler.text.grams import fold
from tests.bench.tables import Skipped, Table, best, quantiles
from tests.support.corpus_rows import START

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.tables import Cell

ARTICLES = 100_000

DATA = Path(__file__).parents[2] / "../shared/bench/dedupe/reprints.dev.jsonl.gz"

PLANTED = (
    "小米大模型负责人罗福莉今日发文。",
    "小米发布MiMo-V2-Flash模型，总参数309B。",
    "搭载澎湃OS的小米AI眼镜开售。",
    "雷军表示将投入160亿元研发AI。",
)

SHELL = ("小米", "雷军", "罗福莉", "小米 罗福莉", "大模型", "人工智能", "澎湃OS", "AI", "309B", '"MiMo-V2-Flash"',
         "中国", "雷军 NOT 小米", "罗福莉 OR 雷军", "羅福莉", "小米AI眼镜")  # fmt: skip
MATCH = "SELECT rowid FROM articles_fts WHERE articles_fts MATCH ?"
LIKE = "SELECT id FROM revisions WHERE body LIKE ?"
TYPED = ("小米大模型负责人罗福莉今日发文", "MiMo-V2-Flash", "小米 AI", "中国")


def run(quick: bool) -> Iterator[Table]:
    """Build the corpus and yield sizes, rates and queries."""
    if not DATA.is_file():
        raise Skipped(f"nothing to measure on: {DATA} is not here")
    count = 3000 if quick else ARTICLES
    with gzip.open(DATA, "rt", encoding="utf-8") as lines:
        texts = [json.loads(line) for line in lines]
    with tempfile.TemporaryDirectory() as folder:
        crawled, anew = sizes(Path(folder) / "real.db", texts)
        with Corpus(Path(folder) / "dealt.db", create=True) as corpus:
            bodies, rate = build(corpus, texts, count)
            yield queries(corpus, bodies)
            names = ("p50", "p95", "p99", "worst")
            rows: list[tuple[str, float, str]] = [
                (f"one insert, {name} of 500, CPU ms", ms, "30")
                for name, ms in zip(names, quantiles(single(corpus, bodies)), strict=True)
            ]
            rows.append(("bulk, articles of 700 characters a CPU-second", rate, "200"))
            rows.append(("index of real texts, times the text, as crawled", crawled, "5.5"))
            rows.append(("the same after reindex", anew, "5.5"))
            yield Table(f"the index with {count:,} articles in it", ("what", "measured", "target"), rows)


def sizes(path: Path, texts: list[dict[str, str]]) -> tuple[float, float]:
    """Return how many times its text the index takes, after one article a transaction and after `reindex`."""
    whole = [(text["title"], text["text"]) for text in texts if text["kind"] in {"source", "distractor"}]
    size = sum(len((title + body).encode()) for title, body in whole)
    with Corpus(path, create=True) as corpus:
        for number, (title, body) in enumerate(whole, 1):
            with corpus.transaction():
                add(corpus, number, title, body)
        crawled = index_bytes(corpus)
        corpus.reindex()
        return crawled / size, index_bytes(corpus) / size


def build(corpus: Corpus, texts: list[dict[str, str]], count: int) -> tuple[list[str], float]:
    """Fill a corpus with dealt articles in transactions of 100; return them and how many went in a CPU-second."""
    dice = random.Random(5)
    sentences = [
        sentence
        for text in texts
        if text["lang"] == "zh"
        for sentence in re.findall(r"[^。！？\n]{6,}[。！？\n]", text["text"])
    ]
    bodies = []
    for _ in range(count):
        planted = dice.choice(PLANTED) if dice.random() < 0.1 else ""
        bodies.append((planted + "".join(dice.choices(sentences, k=16)))[:700])
    began = time.process_time()
    for start in range(0, count, 100):
        with corpus.transaction():
            for i, body in enumerate(bodies[start : start + 100], start + 1):
                add(corpus, i, body[:18], body)
    spent = time.process_time() - began
    return bodies, sum(map(len, bodies)) / 700 / spent


def queries(corpus: Corpus, bodies: list[str]) -> Table:
    """Return, per query, the time of the plain MATCH and of a LIKE scan, recall and precision; then `search` itself."""
    folded = [fold(body).lower() for body in bodies]
    rows: list[tuple[Cell, ...]] = []
    for typed in SHELL:
        took, found = best(partial(fetch, corpus, MATCH, typed))
        got = set(found)
        recall = precision = scan = None
        if re.fullmatch(r'[\w"-]+', typed):
            term = fold(typed.strip('"')).lower()
            left, right = "(?<![0-9a-z])" * term[0].isascii(), "(?![0-9a-z])" * term[-1].isascii()
            pattern = re.compile(left + re.escape(term) + right)
            truth = {i for i, body in enumerate(folded, 1) if pattern.search(body)}
            recall = f"{len(got & truth) / max(1, len(truth)):.4f}"
            precision = f"{len(got & truth) / max(1, len(got)):.4f}"
        if len(typed) == 2:
            scan, _ = best(partial(fetch, corpus, LIKE, f"%{typed}%"), times=2)
        rows.append(
            (f"MATCH {typed}", 1e3 * took, len(got), recall, precision, scan and 1e3 * scan, scan and scan / took)
        )
    for typed in TYPED:
        took, shown = best(partial(corpus.search, typed))
        rows.append((f"houxu search {typed}", 1e3 * took, len(shown), None, None, None, None))
    return Table(
        f"queries over {len(bodies):,} articles of 700 characters, CPU ms",
        ("query", "ms", "rows", "recall", "precision", "LIKE, ms", "times faster"),
        rows,
        ("Targets: a word of two characters 10 ms, and 20 times faster than LIKE.",),
    )


def fetch(corpus: Corpus, sql: str, value: str) -> list[int]:
    """Return the first column of a query, with as little of Python in the way as can be."""
    return [row[0] for row in corpus.conn.execute(sql, (value,))]


def single(corpus: Corpus, bodies: list[str]) -> list[float]:
    """Return the CPU seconds of articles in transactions of their own, index included, in the full corpus."""
    spent = []
    for number, body in enumerate(bodies[-500:], len(bodies) + 1):
        again = body[350:] + body[:350]  # other grams at the seam, the same length
        began = time.process_time()
        with corpus.transaction():
            add(corpus, number, again[:18], again)
        spent.append(time.process_time() - began)
    return spent


def add(corpus: Corpus, article: int, title: str, body: str) -> None:
    """Add an article with its text and its grams, and nothing else."""
    at = stamp(START + timedelta(minutes=article))
    corpus.conn.execute(
        "INSERT INTO articles (id, url, first_seen_at, published_at, relevant) VALUES (?, ?, ?, ?, 1)",
        (article, f"https://news.test/{article}", at, at),
    )
    corpus.conn.execute(
        "INSERT INTO revisions (id, article_id, rev, seen_at, title, body, authors, evidence, sha256, bare_sha256) "
        "VALUES (?, ?, 1, ?, ?, ?, '[]', '{}', ?, ?)",
        (article, article, at, title, body, f"{article:064x}", f"{article:064x}"),
    )
    corpus.conn.execute("UPDATE articles SET latest_id = id WHERE id = ?", (article,))
    corpus.index(article, title, body)


def index_bytes(corpus: Corpus) -> int:
    """Return what the index takes in the file."""
    return int(corpus.value("SELECT sum(pgsize) FROM dbstat WHERE name LIKE 'articles_fts%'"))
