"""A text as a small set of numbers that its copies share.

FracMinHash (Irber et al. 2022, doi:10.1101/2022.01.11.475838): of all hashes of a text, those below a fixed fraction of
the range. Unlike MinHash, the part of a sketch that two texts share estimates containment, so that a cut copy, or one
inside a longer page, is found. Character n-grams need no word breaker and serve Chinese and English alike.
"""

from __future__ import annotations

import hashlib
from functools import cache

import numpy as np
from numpy.typing import NDArray

from crawler.limits import SKETCH_FINGERPRINTS
from crawler.text import folding

GRAM = 6
"""Characters of `text.bare` in one gram."""

SCALE = 8
"""One gram in so many is kept. 1/8 finds .997 of the copies as candidates, 1/16 .979 (docs/evidence/dedupe.md)."""

LEAST = 12
"""Fingerprints of a short text, if it has so many grams: a flash of 60 characters would keep 7."""

SHORTEST = 24
"""A bare text with fewer characters is no text to be copied: "login to read on" is on every page of a site."""

Hashes = NDArray[np.uint64]

_THRESHOLD = np.uint64((1 << 64) // SCALE)
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


def grams(bare: str, size: int = GRAM) -> Hashes:
    """Return the 64-bit hash of every character gram, in the order of the text, repeats included.

    Args:
        bare: a text folded by `text.bare`.
        size: characters in a gram; a shorter text has none.
    """
    points = np.frombuffer(bare.encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    count = len(points) - size + 1
    if count <= 0:
        return np.zeros(0, np.uint64)
    mixed = np.zeros(count, np.uint64)
    for offset in range(size):
        mixed = mixed * _MULTIPLIER + points[offset : offset + count] + np.uint64(1)
    # The finaliser of splitmix64 (Steele et al. 2014): every bit of the input reaches every bit of the output.
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def sketch(body: str) -> list[int]:
    """Return the fingerprints of a text, ascending: at most `SKETCH_FINGERPRINTS` distinct signed 32-bit integers.

    The high bits of a hash decide whether it is kept, the low 32 are stored: four bytes a row in SQLite instead of
    eight. At 53 million rows a fingerprint then meets a stranger's one time in eighty; four shared ones never do.

    Args:
        body: the text as extracted; it is folded here.
    """
    return fingerprints(folding.bare(body))


def fingerprints(bare: str) -> list[int]:
    """Return `sketch` of a text that is folded already; none for one shorter than `SHORTEST`."""
    if len(bare) < SHORTEST:
        return []
    hashes = grams(bare)
    kept = np.unique(hashes[hashes < _THRESHOLD])
    if len(kept) < LEAST:
        kept = np.unique(hashes)[:LEAST]
    low: list[int] = np.unique(kept[:SKETCH_FINGERPRINTS].astype(np.uint32).view(np.int32)).tolist()
    return low


def bare_sha256(body: str) -> str:
    """Return the sha256 of a folded text: equal for exact copies, in whichever characters and punctuation."""
    return hashlib.sha256(folding.bare(body).encode()).hexdigest()


@cache
def sketch_version() -> str:
    """Return a short digest of what decides a sketch: one made under another version must be made again."""
    said = (
        GRAM,
        SCALE,
        LEAST,
        SKETCH_FINGERPRINTS,
        SHORTEST,
        folding.INSERTED_PINYIN.pattern,
        folding.fold_version(),
        "splitmix64",
    )
    return hashlib.sha256(repr(said).encode()).hexdigest()[:12]
