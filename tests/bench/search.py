"""Search against its targets: `python -m tests.bench.search [ARTICLES]`.

The texts are sentences of the dedupe bench (../shared/bench), dealt anew into articles of about 700 characters;
without it there is nothing to measure on. CPU seconds, the best of five where one thing is timed; index sizes are
taken on texts of the bench as they are, copies left out, because dealt sentences repeat and flatter the index.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import sys
import tempfile
import time
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from crawler.corpus.store import Corpus
from crawler.grams import fold
from crawler.model import stamp
from tests.corpus_rows import START

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

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


def main() -> None:
    """Build the corpus, measure, and print one line a target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("articles", type=int, nargs="?", default=100_000)
    count = parser.parse_args().articles
    if not DATA.is_file():
        sys.exit(f"nothing to measure on: {DATA} is not here")
    with gzip.open(DATA, "rt", encoding="utf-8") as lines:
        texts = [json.loads(line) for line in lines]
    with tempfile.TemporaryDirectory() as folder:
        sizes(Path(folder) / "real.db", texts)
        corpus, bodies = build(Path(folder) / "dealt.db", texts, count)
        queries(corpus, bodies)
        single(corpus, bodies)
        corpus.close()


def sizes(path: Path, texts: list[dict[str, str]]) -> None:
    """Print how many times its text the index takes, after runs of 50 articles as after `reindex`."""
    whole = [(text["title"], text["text"]) for text in texts if text["kind"] in {"source", "distractor"}]
    size = sum(len((title + body).encode()) for title, body in whole)
    with Corpus(path, create=True) as corpus:
        for start in range(0, len(whole), 50):
            with corpus.transaction():
                for i, (title, body) in enumerate(whole[start : start + 50], start + 1):
                    add(corpus, i, title, body)
        tidied = index_bytes(corpus)
        corpus.reindex()
        say(f"index, {len(whole)} real texts, {size / 1e6:.1f} MB: {tidied / size:.2f}x as crawled, "
              f"{index_bytes(corpus) / size:.2f}x after reindex (target 5.5)")  # fmt: skip


def build(path: Path, texts: list[dict[str, str]], count: int) -> tuple[Corpus, list[str]]:
    """Fill a corpus with dealt articles in transactions of 100, and print the rate."""
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
    corpus = Corpus(path, create=True)
    began = time.process_time()
    for start in range(0, count, 100):
        with corpus.transaction():
            for i, body in enumerate(bodies[start : start + 100], start + 1):
                add(corpus, i, body[:18], body)
    spent = time.process_time() - began
    characters = sum(map(len, bodies)) / count
    say(f"bulk: {count / spent * characters / 700:.0f} articles of 700 characters a CPU-second (target 200)")
    corpus.conn.execute("INSERT INTO articles_fts (articles_fts) VALUES ('optimize')")
    size = sum(len(body.encode()) for body in bodies)
    say(f"index of {count} dealt texts, {size / 1e6:.0f} MB: {index_bytes(corpus) / size:.2f}x")
    return corpus, bodies


def queries(corpus: Corpus, bodies: list[str]) -> None:
    """Print, per query: time of the plain MATCH and of a LIKE scan, recall and precision; then `search` itself."""
    folded = [fold(body).lower() for body in bodies]
    for typed in SHELL:
        took, rows = best(partial(fetch, corpus, MATCH, typed))
        got = set(rows)
        line = f"  MATCH {typed}: {took * 1e3:.2f} ms, {len(got)} rows"
        if re.fullmatch(r'[\w"-]+', typed):
            term = fold(typed.strip('"')).lower()
            left, right = "(?<![0-9a-z])" * term[0].isascii(), "(?![0-9a-z])" * term[-1].isascii()
            pattern = re.compile(left + re.escape(term) + right)
            truth = {i for i, body in enumerate(folded, 1) if pattern.search(body)}
            line += f", recall {len(got & truth) / max(1, len(truth)):.4f}"
            line += f", precision {len(got & truth) / max(1, len(got)):.4f}"
        if len(typed) == 2:
            scan, _ = best(partial(fetch, corpus, LIKE, f"%{typed}%"))
            line += f"; LIKE {scan * 1e3:.0f} ms, 1/{scan / took:.0f} (targets 10 ms, 1/20)"
        say(line)
    for typed in TYPED:
        took, found = best(partial(corpus.search, typed))
        say(f"  search {typed}: {took * 1e3:.1f} ms, {len(found)} shown")


def fetch(corpus: Corpus, sql: str, value: str) -> list[int]:
    """Return the first column of a query, with as little of Python in the way as can be."""
    return [row[0] for row in corpus.conn.execute(sql, (value,))]


def single(corpus: Corpus, bodies: list[str]) -> None:
    """Print what one article costs in a transaction of its own, index included, in the full corpus."""
    ids = iter(range(len(bodies) + 1, len(bodies) + 1000))

    def one() -> None:
        with corpus.transaction():
            add(corpus, next(ids), bodies[7][:18], bodies[7])

    spent = sorted(best(one, times=1)[0] for _ in range(100))
    say(f"single insert: median {spent[50] * 1e3:.1f} ms, worst of 100 {spent[-1] * 1e3:.1f} ms CPU (target 30)")


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


def say(line: str) -> None:
    """Print a line at once: a full run takes ten minutes."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def best(call: Callable[[], T], times: int = 5) -> tuple[float, T]:
    """Return the least CPU seconds of a call, and what it gave."""
    least = float("inf")
    for _ in range(times):
        began = time.process_time()
        answer = call()
        least = min(least, time.process_time() - began)
    return least, answer


if __name__ == "__main__":
    main()
