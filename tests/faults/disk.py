"""A disk that forgets: what files may hold after power went, made from a log of the system calls that wrote them.

Kept for certain is what was synced: a file's bytes by `fsync` or `fdatasync` on it, its name by one on its folder. Of
what was written since, any part may be there: nothing, all of it, the first writes, or any of the sectors. Names change
in the order they were changed in, as on a journaling file system. Shared memory (`-shm`) is never on a disk.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator
    from pathlib import Path

SECTOR = 512
"""Bytes that a disk writes whole or not at all."""

CALLS = "openat,pwrite64,write,ftruncate,fsync,fdatasync,unlink,unlinkat,rename,renameat,renameat2"

_CALL = re.compile(r"^(?:\d+\s+)?(?P<name>\w+)\((?P<said>.*)\)\s+= (?P<gave>\d+)(?:<(?P<opened>[^>]*)>)?$")
_ON = re.compile(r"^\d+<(?P<path>[^>]*)>(?:, (?P<rest>.*))?$")
_QUOTED = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


@dataclass(frozen=True, slots=True)
class Call:
    """One system call that changed a file, or had it kept.

    Attributes:
        kind: what it did.
        path: of the file, or the folder.
        to: its new name.
        at: where it was written, or the new size, in bytes.
        data: what was written.
    """

    kind: Literal["create", "write", "cut", "sync", "unlink", "rename"]
    path: str
    to: str = ""
    at: int = 0
    data: bytes = b""


def read_log(log: Path) -> Iterator[Call]:
    """Read what `strace -y -xx` wrote of `CALLS`; a call that failed changed nothing."""
    for line in log.read_text(encoding="ascii", errors="replace").splitlines():
        found = _CALL.match(line)
        call = None if found is None else _call(found["name"], found["said"], found["opened"], int(found["gave"]))
        if call is not None:
            yield call


def _call(name: str, said: str, opened: str | None, gave: int) -> Call | None:
    quoted = [_bytes(each) for each in _QUOTED.findall(said)]
    if name == "openat":
        return Call("create", _path(opened or "")) if "O_CREAT" in said else None
    if name.startswith("unlink"):
        return Call("unlink", quoted[0].decode())
    if name.startswith("rename"):
        return Call("rename", quoted[0].decode(), quoted[1].decode())
    on = _ON.match(said)
    if on is None:
        return None
    path, rest = _path(on["path"]), on["rest"] or ""
    if name == "pwrite64":
        return Call("write", path, at=int(rest.rpartition(", ")[2]), data=quoted[0][:gave])
    if name == "write":
        return Call("write", path, at=-1, data=quoted[0][:gave])
    return Call("cut", path, at=int(rest)) if name == "ftruncate" else Call("sync", path)


def _bytes(escaped: str) -> bytes:
    return bytes.fromhex(escaped.replace("\\x", ""))


def _path(escaped: str) -> str:
    return _bytes(escaped).decode() if escaped.startswith("\\x") else escaped


@dataclass(slots=True, eq=False)
class _File:
    kept: bytes = b""
    since: list[Call] = field(default_factory=list)

    def now(self) -> bytes:
        return _written(self.kept, self.since)

    def after_plug(self, dice: random.Random) -> bytes:
        match dice.choice(("nothing", "everything", "the first", "any")):
            case "nothing":
                return self.kept
            case "everything":
                return self.now()
            case "the first":
                return _written(self.kept, self.since[: dice.randint(0, len(self.since))])
        return _written(self.kept, [part for call in self.since for part in _sectors(call) if dice.random() < 0.5])


def _sectors(call: Call) -> Iterator[Call]:
    if call.kind != "write":
        yield call
        return
    start, end = call.at, call.at + len(call.data)
    while start < end:
        stop = min(end, (start // SECTOR + 1) * SECTOR)
        yield Call("write", call.path, at=start, data=call.data[start - call.at : stop - call.at])
        start = stop


def _written(held: bytes, calls: list[Call]) -> bytes:
    data = bytearray(held)
    for call in calls:
        size = call.at if call.kind == "cut" else call.at + len(call.data)
        if len(data) < size:
            data.extend(bytes(size - len(data)))
        if call.kind == "cut":
            del data[size:]
        else:
            data[call.at : size] = call.data
    return bytes(data)


class Disk:
    """The files of one folder, as they are and as the disk may have them."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)
        self._now: dict[str, _File] = {}
        self._kept: dict[str, _File] = {}
        self._since: list[dict[str, _File]] = []  # the names after each change since the folder was synced

    def do(self, call: Call) -> None:
        """Carry out a call; one on a file elsewhere is passed over."""
        if call.kind == "sync" and call.path == self._folder:
            self._kept, self._since = dict(self._now), []
        if not call.path.startswith(f"{self._folder}/") or call.path.endswith("-shm"):
            return
        file = self._now.get(call.path)
        if call.kind == "create":
            if file is None:
                self._name({**self._now, call.path: _File()})
        elif file is None:
            return  # unlinked already
        elif call.kind == "unlink":
            self._name({name: each for name, each in self._now.items() if name != call.path})
        elif call.kind == "rename":
            rest = {name: each for name, each in self._now.items() if name != call.path}
            self._name({**rest, call.to: file})
        elif call.kind == "sync":
            file.kept, file.since = file.now(), []
        else:
            at = len(file.now()) if call.at < 0 else call.at
            file.since.append(Call(call.kind, call.path, at=at, data=call.data))

    def _name(self, names: dict[str, _File]) -> None:
        self._now = names
        self._since.append(names)

    def after_plug(self, dice: random.Random) -> dict[str, bytes]:
        """Return the files by name as the disk may hold them if power goes now."""
        names = dice.choice([self._kept, *self._since])
        return {name[len(self._folder) + 1 :]: file.after_plug(dice) for name, file in names.items()}
