"""A few of the plugs that `python -m tests.faults.plug` pulls by the hundred; and that the disk forgets what it may."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.faults.disk import Call, Disk
from tests.faults.plug import after_a_plug, can_trace, plugs, recorded
from tests.faults.work import picture

PLUGS = 8
FOLDER = Path("/folder")


def states(*calls: Call) -> set[tuple[tuple[str, bytes], ...]]:
    """Return every picture of the files that a hundred plugs after these calls leave."""
    disk = Disk(FOLDER)
    for call in calls:
        disk.do(call)
    dice = random.Random(1)
    return {tuple(sorted(disk.after_plug(dice).items())) for _ in range(100)}


def test_what_was_synced_stays() -> None:
    """A file's bytes by a sync of the file, its name by one of the folder."""
    made, written = Call("create", "/folder/a"), Call("write", "/folder/a", data=b"said")
    synced, named = Call("sync", "/folder/a"), Call("sync", "/folder")
    assert states(made, written, synced, named) == {(("a", b"said"),)}
    assert states(made, written, synced) == {(), (("a", b"said"),)}
    assert states(made, written, named) == {(("a", b""),), (("a", b"said"),)}


def test_what_was_not_synced_may_be_there_in_part() -> None:
    """Whole sectors, in any order; a cut file may be as long as before; an old name may be back."""
    kept = [Call("create", "/folder/a"), Call("sync", "/folder")]
    two = Call("write", "/folder/a", data=b"a" * 512 + b"b" * 512)
    assert (("a", bytes(512) + b"b" * 512),) in states(*kept, two)
    cut = Call("cut", "/folder/a", at=512)
    assert {len(files[0][1]) for files in states(*kept, two, Call("sync", "/folder/a"), cut)} == {512, 1024}
    moved = states(*kept, Call("rename", "/folder/a", to="/folder/b"))
    assert moved == {(("a", b""),), (("b", b""),)}
    assert states(*kept, Call("unlink", "/folder/a")) == {(), (("a", b""),)}


@pytest.mark.skipif(not can_trace(), reason="strace is missing, or may not trace here")
def test_pulled_plugs_lose_nothing_that_was_committed(tmp_path: Path) -> None:
    """Whatever the disk forgot, the corpus is sound and whole to the last commit, and the work can be done again."""
    folder = tmp_path / "traced"
    folder.mkdir()
    calls = recorded(folder)
    wanted = picture(folder / "c.db")
    for nth, (least, _, files) in enumerate(plugs(calls, folder, PLUGS, random.Random(1))):
        left = tmp_path / str(nth)
        left.mkdir()
        assert after_a_plug(left, files, least, None if nth else wanted) == []
