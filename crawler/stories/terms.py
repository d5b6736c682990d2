"""What a text says, as terms that can be counted and compared, in Chinese and English."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

from crawler.limits import WORD_LETTERS
from crawler.text import numbers
from crawler.text.folding import HAN, drop_pinyin, simplify

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crawler.model import Relevance

TERMS_KEPT = 160
"""Terms of a text that are kept, heaviest first. With 300 or 600 nothing improved, on English or Chinese."""

PRIOR = 10
"""Texts without any of the terms that idf assumes beside those held, so that a corpus of two texts has an idf too."""

_LEAD = 400
_WORD = re.compile(r"[A-Za-zÀ-ɏ0-9]+(?:[-.'’&+][A-Za-zÀ-ɏ0-9]+)*")
_RUN = re.compile(f"[{HAN}]+")
_FUNCTION_WORDS = (
    "a about after all also an and are as at be been being but by can could did do does for from had has have he her "
    "his how i if in into is it its just may more most no not of on one or our out over said say says she so some such "
    "than that the their them then there these they this those to two up was we were what when which while who will "
    "with would you your monday tuesday wednesday thursday friday saturday sunday january february march april june "
    "july august september october november december"
)
_FUNCTION_LATIN = frozenset(_FUNCTION_WORDS.split())


def features(title: str, body: str, same: Sequence[Sequence[str]] = ()) -> dict[str, float]:
    """Return the terms of a text and how much it says each, heaviest first, at most `TERMS_KEPT`.

    A term is a pair of neighbouring Han characters (simplified), a Latin word (lightly stemmed), a name of the topic
    under its first spelling, or a number with its unit (`#3.09e+11`). A leading `@` marks a name: `@mimo-v2-flash`,
    `@罗福莉`. Names and numbers are the bridge between languages. Title, lead and capitals weigh double.

    Args:
        title: may be empty.
        body: any length.
        same: spellings of one name, the canonical one first (the topic's `same`). A name alone in its group is only
            known to be a name, however it is written.
    """
    text = simplify(drop_pinyin(f"{title}\n{body}"))
    lead = len(title) + _LEAD
    counts: Counter[str] = Counter()
    for number in numbers.find(text):
        if (term := _number_term(number)) is not None:
            counts[term] += 4 if number.start < lead else 2
    pattern, canonical, known = _names(tuple(tuple(group) for group in same))
    if pattern is not None:
        for match in pattern.finditer(text):
            counts[f"@{canonical[match.group().lower()]}"] += 4 if match.start() < lead else 2
        text = pattern.sub(lambda match: "\n" * len(match.group()), text)
    _count_han_terms(counts, text, lead)
    for term, starts in _latin_terms(text, known).items():
        counts[term] += (len(starts) + bisect_left(starts, lead)) * (2 if term[0] == "@" else 1)
    kept = sorted(sorted(counts), key=counts.__getitem__, reverse=True)[:TERMS_KEPT]
    return {term: round(math.log1p(counts[term]), 3) for term in kept}


def names(relevance: Relevance) -> tuple[tuple[str, ...], ...]:
    """Return what `features` takes as `same`: the topic's names of several spellings, and its strong aliases."""
    return (*relevance.same, *((term.text,) for term in relevance.strong))


def bridging(term: str) -> bool:
    """Say whether a term means the same in every language: a name or a number."""
    return term[0] in "@#"


def word(term: str) -> str:
    """Return a term without its mark of a name: what idf counts, and what texts in one script are compared by."""
    return term.removeprefix("@")


def idf(count: int, texts: int) -> float:
    """Return the inverse document frequency of a term held by `count` of `texts` texts."""
    return math.log((texts + PRIOR) / (count + 0.5))


def _number_term(number: numbers.Number) -> str | None:
    """Return a number as a term; small counts, ranks and short durations are in every text."""
    if number.unit in {None, "rank", "day", "week", "month", "year"} and number.value < 100:  # noqa: PLR2004 see above
        return None
    return f"#{number.value:.3g}{number.unit or ''}"


@lru_cache(maxsize=4)
def _names(same: tuple[tuple[str, ...], ...]) -> tuple[re.Pattern[str] | None, Mapping[str, str], frozenset[str]]:
    """Return what finds names of several spellings, what each is called, and the words that are names by themselves."""
    known = frozenset(group[0].lower() for group in same if len(group) == 1)
    canonical = {
        simplify(name).lower(): simplify(group[0]).lower() for group in same if len(group) > 1 for name in group
    }
    if not canonical:
        return None, {}, known
    whole = "|".join(re.escape(name) for name in sorted(canonical, key=len, reverse=True))
    return re.compile(f"(?<![A-Za-z0-9])(?:{whole})(?![-.]?[A-Za-z0-9])", re.IGNORECASE), canonical, known


def _count_han_terms(counts: Counter[str], text: str, lead: int) -> None:
    """Count the pairs of neighbouring characters, those that begin before `lead` twice."""
    for run in _RUN.finditer(text):
        start, end = run.span()
        pairs = [text[at : at + 2] for at in range(start, end - 1)]
        counts.update(pairs)
        if start < lead:
            counts.update(pairs[: lead - start])


def _latin_terms(text: str, known: frozenset[str]) -> dict[str, list[int]]:
    """Return the words and where they stand. A name, marked with `@`, is written with a capital inside sentences.

    In a Chinese text every Latin word is a name. MiMo-V2-Flash is also MiMo and Flash.
    """
    han = _mostly_han(text)
    places: dict[str, list[int]] = {}
    capitals: Counter[str] = Counter()
    for match in _WORD.finditer(text):
        if match.end() - match.start() > WORD_LETTERS:
            continue
        terms, coined, lower = _read_word(match.group(), known)
        start = match.start()
        for term in terms:
            places.setdefault(term, []).append(start)
            if coined or not _begins_sentence(text, start):
                capitals[term] += -1 if lower else 1
    return {f"@{term}" if han or capitals[term] > 0 else term: starts for term, starts in places.items()}


@lru_cache(maxsize=8192)  # the words of a language come again and again
def _read_word(written: str, known: frozenset[str]) -> tuple[tuple[str, ...], bool, bool]:
    """Return the terms of a word, none of a function word; whether it was coined, or else is in lower case."""
    said = written.replace("’", "'").removesuffix("'s")
    plain = said.lower()
    if plain in _FUNCTION_LATIN or not any(map(str.isalpha, plain)):
        return (), False, False
    coined = plain in known or any(map(str.isdigit, said)) or not (said[1:].islower() or len(said) == 1)
    parts = [part for part in plain.split("-") if part.isalpha()] if coined and "-" in plain else []
    return tuple(map(_stem, (plain, *parts))), coined, said.islower() and not coined


def _begins_sentence(text: str, start: int) -> bool:
    before = text[max(0, start - 4) : start].rstrip(" \t\"'“‘(«")
    return not before or before[-1] in ".!?:;\n。！？：；"


def _mostly_han(text: str) -> bool:
    """A Han character says about as much as three Latin letters."""
    han = sum(len(run.group()) for run in _RUN.finditer(text))
    return 3 * han > sum(map(str.isascii, text)) - text.count(" ")


def _stem(word: str) -> str:
    """Cut the commonest English endings: enough to make one term of offer, offers, offered, offering."""
    if not word.isalpha():
        return word
    for ending, least in (("ing", 6), ("ed", 5), ("es", 5), ("s", 4)):
        if word.endswith(ending) and len(word) >= least and not word.endswith("ss"):
            word = word.removesuffix(ending)
            break
    return word.removesuffix("e") if len(word) > 4 else word  # noqa: PLR2004 like the lengths above
