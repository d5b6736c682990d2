"""What a record of an archive costs: read, gate, path; and what a second worker gives.

The archive is invented and written here: gzip, a member a record, 55 KB pages, two in a hundred on topic.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import multiprocessing
import resource
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from crawler import relevance
from crawler.archives.backfill import Task, backfill, backfill_file, tasks_of
from crawler.archives.warc import Wanted, records
from crawler.path import prepare
from crawler.topic import reader as topics
from scheduler.lock import run_lock
from tests.bench.invented import Newswire
from tests.bench.newsweb import Furniture
from tests.bench.tables import Cell, Table, best, installed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.model import Topic

RECORDS, QUICK_RECORDS = 8000, 1000
"""In one file: 90 MB, where one of CC-NEWS has 1 GB."""

FILES = 4

HITS = 0.02
"""Share of pages on topic."""

MONTH = 11_600_000
"""Documents of CC-NEWS in a month, as FineNews counts them (2026)."""

ALL = 1_350_000_000
"""Articles of CC-NEWS since August 2016, as Infini-News counts them (arXiv 2605.18337)."""


def record(url: str, body: bytes, date: str = "2025-12-17T10:30:00Z") -> bytes:
    """Return one response record, uncompressed."""
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + body
    digest = base64.b32encode(hashlib.sha1(block, usedforsecurity=False).digest()).decode()
    name = hashlib.md5(url.encode(), usedforsecurity=False).hexdigest()
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:md5:{name}>\r\nWARC-Target-URI: {url}\r\n"
        f"WARC-Date: {date}\r\nWARC-Block-Digest: sha1:{digest}\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(block)}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


def write(path: Path, count: int, first: int = 0) -> Path:
    """Write an archive of `count` records, the `first` and following ones of the invented web, and return its path."""
    on, off, furniture = Newswire(), Newswire(seed=8, on_topic=False), Furniture()
    every = round(1 / HITS)
    with path.open("wb") as file:
        for number in range(first, first + count):
            wire = on if number % every == 0 else off
            article = wire.article(number // every if wire is on else number)
            if wire is on:
                article = replace(article, body=f"{article.body}\n罗福莉说。")  # a name that decides alone
            page = furniture.page(article, number)
            file.write(gzip.compress(record(f"https://news{number % 40}.example/{number}.html", page), 6))
    return path


def costs(file: Path, warm: Path, topic: Topic, shard: Path) -> tuple[list[tuple[str, float]], float]:
    """Return (step, CPU milliseconds a record) of one file, and the seconds that a worker takes once to warm up."""
    read, count = best(lambda: sum(1 for _ in records(file)), 2)
    pages = [each.page for each in records(file) if each.page is not None]
    gated, hits = best(lambda: [page for page in pages if relevance.gate(topic, page.body)], 2)
    prepared, _ = best(lambda: [prepare(topic, page) for page in hits], 2)
    warmed = time.process_time()
    backfill_file(Task(file=warm, shard=shard.with_name("warm.db"), topic=topic, wanted=Wanted(), lock=run_lock))
    began = time.process_time()
    summary = backfill_file(Task(file=file, shard=shard, topic=topic, wanted=Wanted(), lock=run_lock))
    whole = time.process_time() - began
    if summary.errors or summary.records != count:
        raise RuntimeError(summary)
    steps = {"read and check": read, "gate": gated, "extract and judge": prepared}
    steps["append, settle, files"] = whole - sum(steps.values())
    return [(name, 1000 * each / count) for name, each in (*steps.items(), ("whole task", whole))], began - warmed


def spread(files: list[Path], topic: Topic, shards: Path, *, workers: int, dask: bool) -> tuple[float, float]:
    """Return (wall seconds of the work, CPU seconds of all workers) of a backfill, starting of workers left out."""
    tasks = tasks_of(files, shards, topic, Wanted(), run_lock)
    if not dask:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.monotonic()
        backfill(tasks, workers=workers)
        wall = time.monotonic() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,  # type: ignore[no-untyped-call]  # Dask types its API only in part
        Client(cluster) as client,  # type: ignore[no-untyped-call]
    ):
        client.run(_warm)
        used = sum(client.run(time.process_time).values())
        began = time.monotonic()
        backfill(tasks, scheduler=cluster.scheduler_address)
        return time.monotonic() - began, sum(client.run(time.process_time).values()) - used


def most(workers: int, pages: list[bytes], rounds: int) -> float:
    """Return how many times one process's work this machine does with `workers` that share nothing: its own limit."""
    took = []
    for count in (1, workers):
        with multiprocessing.get_context("spawn").Pool(count) as pool:
            pool.starmap(_unpack, [(pages, 1)] * count)  # started and warm
            began = time.monotonic()
            pool.starmap(_unpack, [(pages, rounds)] * count, chunksize=1)
            took.append(time.monotonic() - began)
    one, all_of_them = took
    return workers * one / all_of_them


def _unpack(pages: list[bytes], rounds: int) -> int:
    return sum(hashlib.sha256(gzip.decompress(page).lower()).digest()[0] for _ in range(rounds) for page in pages)


def _warm() -> None:
    """Import what a task needs."""
    from crawler.text.folding import simplified

    simplified()


def run(quick: bool) -> Iterator[Table]:
    """Yield what a record costs, and what workers give."""
    topic = topics.load(None)
    count = QUICK_RECORDS if quick else RECORDS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = [write(folder / f"part-{at}.warc.gz", count, at * count) for at in range(FILES)]
        steps, start = costs(files[0], write(folder / "warm", 100), topic, folder / "one" / "shard.db")
        whole = steps[-1][1]
        yield Table(
            f"Backfill: {count} records of 55 KB, {HITS:.0%} on topic, CPU of one process",
            ("step", "ms a record", "records a CPU-second"),
            [(step, ms, 1000 / ms) for step, ms in steps],
            (
                f"Target: 1,300 records a CPU-second; measured {1000 / whole:,.0f}.",
                f"Left out: what a worker does once, {start:.1f} CPU-seconds.",
                f"On paper: a month of CC-NEWS, {MONTH / 1e6:.1f} M pages, {whole * MONTH / 3.6e6:.1f} core-hours.",
                f"On paper: all of CC-NEWS, {ALL / 1e9:.2f} G pages, {whole * ALL / 3.6e6:,.0f} core-hours.",
            ),
        )
        packed = [gzip.compress(each.page.body) for each in records(files[0]) if each.page is not None][:400]
        limit = most(2, packed, count // 100)
        rows: list[list[Cell]] = []
        engines = [("processes", False), *([("Dask", True)] if installed("distributed") else [])]
        for engine, dask in engines:
            one = 0.0
            for workers in (1, 2):
                shards = folder / f"{engine}-{workers}"
                wall, cpu = spread(files, topic, shards, workers=workers, dask=dask)
                one = one or wall
                rows.append([f"{engine}, {workers}", FILES * count / wall, FILES * count / cpu, one / wall])
        yield Table(
            f"Backfill: {FILES} files on {multiprocessing.cpu_count()} cores, starting of Dask's workers left out",
            ("engine, workers", "records a second", "records a CPU-second", "times one worker"),
            rows,
            (
                "Target: Dask's two workers 1.7 times one. Wall time: only on a quiet machine is it worth anything.",
                f"Two processes that only unpack and hash, sharing nothing, do {limit:.2f} times the work of one here.",
            ),
        )
