"""Every error houxu raises on purpose.

    HouxuError                      exit 1
    ├── TopicError                  exit 2   a topic file with mistakes, all of them
    ├── CorpusError                 exit 1   the corpus cannot be read or written
    │   ├── CorpusMissing           exit 1   no file at that path, or an empty one
    │   ├── NotACorpus              exit 1   another program's database
    │   ├── PageLost                exit 1   a raw page is missing from its file, or damaged
    │   ├── CorpusTooNew            exit 1   written by a newer houxu
    │   ├── UnfitName               exit 1   a corpus would share a file with another one
    │   ├── OwnFile                 exit 1   a copy or an export would replace a file of the corpus
    │   ├── NoCopy                 exit 1   a backup would replace what is no earlier one
    │   └── WrongTopic              exit 2   the file follows another topic
    ├── RunLocked                   exit 75  another run holds the lock
    ├── NetworkDown                 exit 1   no host could be reached
    ├── AllFailed                   exit 1   every source asked failed
    ├── MemoryFull                  exit 1   the process held more memory than it may
    ├── NotServed                   exit 1   the corpus cannot be shown at that address
    ├── Unreadable                           a page that a stage cannot read
    ├── SourceError                          a source's answer that is no list of leads
    └── MissingExtra                exit 2   an optional dependency is not installed

Each carries what it is about as attributes and builds its message from them, so that a caller never parses text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.text.plural import counted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SIGNALED = 128
"""A process that ends because of signal N exits with this plus N, by the shell's convention."""


class HouxuError(Exception):
    """The root: anything houxu says went wrong.

    Attributes:
        exit_code: what the command line exits with when this error ends it.
    """

    exit_code = 1


class TopicError(HouxuError):
    """A topic file with mistakes.

    Attributes:
        path: the file.
        mistakes: one line each: key, value, and what was expected.
    """

    exit_code = 2

    def __init__(self, path: Path | str, mistakes: Sequence[str]) -> None:
        self.path = str(path)
        self.mistakes = tuple(mistakes)
        lines = "".join(f"\n  {line}" for line in self.mistakes)
        super().__init__(f"{self.path}: {counted(len(self.mistakes), 'mistake')}{lines}")


class CorpusError(HouxuError):
    """The corpus at `path` cannot be read or written, and why."""

    def __init__(self, path: Path | str, reason: str) -> None:
        self.path = str(path)
        self.reason = reason
        super().__init__(f"{self.path}: {reason}")


class CorpusMissing(CorpusError):
    """There is no corpus at this path."""

    def __init__(self, path: Path | str) -> None:
        super().__init__(path, "no corpus here. `houxu crawl --db PATH` makes one; --db or $HOUXU_DB names another")


class NotACorpus(CorpusError):
    """The database at `path` is another program's; `holds` names some of its tables. Nothing in it was changed."""

    def __init__(self, path: Path | str, holds: Sequence[str]) -> None:
        self.holds = tuple(holds)
        tables = ", ".join(repr(name) for name in self.holds)
        super().__init__(
            path,
            f"another program's database (it holds {tables}), left as it is. --db or $HOUXU_DB names a corpus; "
            "a new one needs a path where no file is",
        )


class PageLost(CorpusError):
    """The raw page under this key is missing from the pages file, or damaged there; the others can be read."""


class CorpusTooNew(CorpusError):
    """The corpus was written by a newer houxu; `unknown` names its migrations we lack."""

    def __init__(self, path: Path | str, unknown: Sequence[str]) -> None:
        self.unknown = tuple(unknown)
        super().__init__(path, f"written by a newer houxu (migrations {', '.join(unknown)}); upgrade houxu to open it")


class UnfitName(CorpusError):
    """No corpus may be at `path`: its file, or that of its pages, would be one of another corpus."""


class OwnFile(CorpusError):
    """At `path`, where something else was to be written, is a file of the corpus. Nothing was written."""

    def __init__(self, path: Path | str, corpus: Path | str) -> None:
        self.corpus = str(corpus)
        super().__init__(
            path, f"is a file of the corpus {corpus} and stays as it is: give another name or another folder"
        )


class NoCopy(CorpusError):
    """At `path`, where a backup was to be written, is something that is no earlier one. Nothing was written."""

    def __init__(self, path: Path | str) -> None:
        super().__init__(
            path, "is no earlier copy of this topic's corpus, and stays as it is: give another name or another folder"
        )


class WrongTopic(CorpusError):
    """The corpus follows topic `held`, and `asked` was wanted."""

    exit_code = 2

    def __init__(self, path: Path | str, held: str, asked: str) -> None:
        self.held = held
        self.asked = asked
        super().__init__(
            path,
            f"follows the topic {held!r}, not {asked!r}. One corpus follows one topic: give another --db",
        )


class RunLocked(HouxuError):
    """Another run holds the lock of this corpus."""

    exit_code = 75

    def __init__(self, path: Path | str, holder: str) -> None:
        self.path = str(path)
        self.holder = holder
        super().__init__(f"{self.path}: another run holds the lock ({holder})")


class NetworkDown(HouxuError):
    """None of the `hosts` asked could be reached: our network, not theirs. Nothing was changed."""

    def __init__(self, hosts: int) -> None:
        self.hosts = hosts
        super().__init__(
            f"no network: none of {counted(hosts, 'host')} could be reached; "
            "nothing was changed, the next run tries again"
        )


class AllFailed(HouxuError):
    """Every source that was asked failed."""

    def __init__(self, sources: int) -> None:
        self.sources = sources
        failed = "the one source that was asked" if sources == 1 else f"all {sources} sources"
        super().__init__(f"{failed} failed; `houxu sources` says how")


class MemoryFull(HouxuError):
    """The process held `held` MB, more than the `limit`; the crawl ended with all it had committed."""

    def __init__(self, held: int, limit: int) -> None:
        self.held = held
        self.limit = limit
        super().__init__(
            f"the crawl ended early: it held {held} MB of memory, and HOUXU_MEMORY_MB is {limit}; "
            "what was left waits for the next run"
        )


class NotServed(HouxuError):
    """The corpus cannot be shown at `host` and `port`, and why."""

    def __init__(self, host: str, port: int, reason: str) -> None:
        self.host = host
        self.port = port
        self.reason = reason
        super().__init__(f"cannot serve on {host}, port {port}: {reason}")


class Unreadable(HouxuError):
    """A page that `stage` cannot read."""

    def __init__(self, stage: str, reason: str) -> None:
        self.stage = stage
        self.reason = reason
        super().__init__(f"{stage}: {reason}")


class SourceError(HouxuError):
    """A source's answer that is not a list of leads: `reason` is a few plain words."""

    def __init__(self, source: str, reason: str) -> None:
        self.source = source
        self.reason = reason
        super().__init__(f"source {source}: {reason}")


class MissingExtra(HouxuError):
    """An optional dependency is not installed."""

    exit_code = 2

    def __init__(self, command: str, extra: str) -> None:
        self.command = command
        self.extra = extra
        super().__init__(f"houxu {command} needs an extra: pip install 'houxu[{extra}]'")
