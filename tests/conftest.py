"""The newsroom: the sample web, crawled for real, over sockets."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from crawler.corpus.store import Corpus
from crawler.job import CrawlRequest
from crawler.sample.demo import sample_topic
from crawler.sample.server import SampleWeb
from scheduler.run import crawl_once

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from crawler.model import Topic

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
"""What time it is in tests that need one."""


@pytest.fixture
def web() -> Iterator[SampleWeb]:
    """Serve the sample web, in its first round."""
    with SampleWeb() as web:
        yield web


@pytest.fixture
def topic() -> Topic:
    """Return the sample web's topic."""
    return sample_topic()


@pytest.fixture
def corpus(tmp_path: Path, topic: Topic) -> Iterator[Corpus]:
    """Open a new corpus that follows the sample's topic."""
    corpus = Corpus(tmp_path / "corpus.db", create=True)
    corpus.claim_topic(topic.id, str(topic.seed))
    yield corpus
    corpus.close()


@pytest.fixture
def crawl(web: SampleWeb, topic: Topic, tmp_path: Path) -> Callable[..., Any]:
    """Return a function that crawls the sample web as `houxu crawl --all` does, into `tmp_path / "corpus.db"`."""

    def crawl(**changes: Any) -> int:
        arguments: dict[str, Any] = {
            "by": "person",
            "everything": True,
            "overrides": {"DOWNLOAD_DELAY": "0", "HOUXU_CONNECT_TO": web.connect_to},
        }
        arguments |= changes
        db, skip_locked = arguments.pop("db", tmp_path / "corpus.db"), arguments.pop("skip_locked", False)
        return crawl_once(db, CrawlRequest(**{"topic": topic, **arguments}), skip_locked=skip_locked)

    return crawl


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Run the demo once; return the file it leaves and what it said."""
    db = tmp_path_factory.mktemp("demo") / "demo.db"
    result = subprocess.run(
        [sys.executable, "-m", "crawler.cli", "demo", "--db", str(db)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    return db, result.stdout
