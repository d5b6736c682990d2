"""The short run of what `python -m tests.fuzz` does for hours: every case ever found, the seeds, a few mutations."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.__main__ import cases, fuzz
from tests.fuzz.mutate import MOST_BYTES, mutated
from tests.fuzz.seeds import SEEDS
from tests.fuzz.targets import TARGETS, run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", TARGETS)
def test_what_was_found_once_stays_mended(name: str) -> None:
    """Every seed, and every input that ever broke a target, gives a value or one of our errors."""
    for data in (b"", *SEEDS[name], *cases(name)):
        run(name, data)


@pytest.mark.parametrize("name", TARGETS)
def test_mutations_of_the_seeds_break_nothing(name: str) -> None:
    """A few dozen random changes of the seeds, the same every time."""
    dice = random.Random(name)
    for _ in range(40):
        run(name, mutated(SEEDS[name], dice)[:8000])


@pytest.mark.parametrize("name", TARGETS)
@given(data=st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
@settings(max_examples=30, deadline=None)
def test_any_bytes_break_nothing(name: str, data: bytes) -> None:
    """Bytes and text that hypothesis makes up."""
    run(name, data)


def test_mutation_changes_and_stays_small() -> None:
    """Or the run would look at the same input for an hour."""
    dice = random.Random(1)
    made = {mutated(SEEDS["feed"], dice) for _ in range(100)}
    assert len(made) > 90
    assert max(map(len, made)) <= MOST_BYTES


def test_a_finding_is_told_and_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A target that breaks is counted once for each place, its input kept, and the run goes on."""

    def broken(data: bytes) -> None:
        if data:
            raise KeyError(data[:1])

    monkeypatch.setitem(TARGETS, "line", broken)
    monkeypatch.setattr("tests.fuzz.__main__.CASES", tmp_path / "cases")
    assert fuzz("line", 0.002, seed=1) == 1
    assert "KeyError" in capsys.readouterr().out
    assert len(list((tmp_path / "cases" / "line").iterdir())) in {1, 2, 3}
