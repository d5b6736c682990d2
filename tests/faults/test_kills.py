"""A few of the kills that `python -m tests.faults.kills` does by the hundred."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.kills import after_a_kill, commits, spread
from tests.faults.work import picture, work, wrong_with

if TYPE_CHECKING:
    from pathlib import Path

KILLS = 6


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, dict[str, Any]]:
    """Return how many commits the work has, and the picture it leaves."""
    path = tmp_path_factory.mktemp("undisturbed") / "c.db"
    count = commits(path, lambda _number, _side: None)
    assert wrong_with(path) == []
    return count, picture(path)


def test_the_work_is_worth_killing(undisturbed: tuple[int, dict[str, Any]]) -> None:
    """It has copies, an edit, every kind of ending, something forgotten, and a hundred commits."""
    count, held = undisturbed
    assert count >= 100
    assert all(held.values()), [name for name, rows in held.items() if not rows]
    endings = {row.split(", ")[2].strip("'") for row in held["visits"]}
    assert endings == {"stored", "unchanged", "revised", "off_topic", "unreadable"}


def test_done_twice_is_done_once(undisturbed: tuple[int, dict[str, Any]], tmp_path: Path) -> None:
    """Without a kill between."""
    work(tmp_path / "c.db")
    work(tmp_path / "c.db")
    assert picture(tmp_path / "c.db") == undisturbed[1]


@pytest.mark.parametrize("nth", range(KILLS))
def test_killed_at_a_commit_nothing_is_lost(nth: int, undisturbed: tuple[int, dict[str, Any]], tmp_path: Path) -> None:
    """Just before or after the commit the file is sound, and doing the work again gives the undisturbed corpus."""
    count, wanted = undisturbed
    number, side = spread(count, KILLS)[nth]
    assert after_a_kill(tmp_path, number, side, wanted) == []
