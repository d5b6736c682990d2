"""How far an archive file was read into a corpus: what a shard remembers, so that a rerun goes on where it stopped.

A key of `meta` holds it. It is written every so many records, and by the visits themselves a page that was taken after
that is known again.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from crawler.model import stamp

if TYPE_CHECKING:
    from datetime import datetime

    from crawler.corpus.connection import Base

KEY = "backfill"


@dataclass(slots=True, kw_only=True)
class Reading:
    """How far a file was read.

    Attributes:
        asked: a digest of the file's name and size, and of what was asked of it; another one starts afresh.
        number: response records read.
        offset: of the last one, in bytes.
        record_id: of the last one.
        passed: records whose page passed the gate.
        dropped: why the others gave nothing -> how many.
        ended: whether the file was read to its end.
    """

    asked: str
    number: int = 0
    offset: int = 0
    record_id: str = ""
    passed: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    ended: bool = False


def reading(corpus: Base) -> Reading | None:
    """Return how far this corpus has read its file; None where it never began."""
    said = corpus.meta(KEY)
    return None if said is None else Reading(**json.loads(said))


def note(corpus: Base, read: Reading) -> None:
    """Remember how far the file was read, in a transaction of its own."""
    with corpus.transaction():
        corpus.set_meta(KEY, json.dumps(asdict(read)))


def is_taken(corpus: Base, url: str, at: datetime, page_sha256: str) -> bool:
    """Say whether this very record was taken before: the same URL, fetched at the same second, the same bytes."""
    return (
        corpus.value("SELECT 1 FROM visits WHERE url = ? AND at = ? AND page_sha256 = ?", (url, stamp(at), page_sha256))
        is not None
    )


def endings(corpus: Base) -> dict[str, int]:
    """Return how many visits had which ending."""
    rows = corpus.rows("SELECT ending, count(*) AS visits FROM visits GROUP BY ending ORDER BY visits DESC, ending")
    return {row["ending"]: row["visits"] for row in rows}
