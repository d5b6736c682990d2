"""What a number is said of, and what it is measured against."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawler.claims.sentences import CLAUSE
from crawler.text.folding import HAN

if TYPE_CHECKING:
    from typing import Literal

    from crawler.claims.marks import Mark
    from crawler.claims.sentence import Sentence
    from crawler.model import Claim
    from crawler.text.numbers import Number

AGAINST = 40
"""Characters between a multiple and what it is measured against."""

POSSESSIVE = 3
"""Characters between a maker and its product: Google's Gemini."""

_EDITION = "Pro|Max|Mini|Flash|Sonnet|Opus|Haiku|Turbo|Plus|High|Thinking|Exp|Preview"
_NO_PRODUCT = (  # March 11, The Pro version
    r"(?:(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)[a-z]*|The|This|That|Its|Our|In|On|By|Since|Over)\b"
)
_PRODUCT = re.compile(
    rf"(?<![A-Za-z0-9-])(?!{_NO_PRODUCT})[A-Z][A-Za-z]{{1,20}}(?:[- ]?[A-Z]{{0,2}}\d[\w.]*|[- ](?:{_EDITION})\b)+"
    rf"(?:[- ](?:{_EDITION})\b)*"
    r"|\b(?:Claude|Gemini|ChatGPT|GPT|Grok|Llama|Qwen|Kimi|DeepSeek|OpenAI|Anthropic|Google)\b"
)
"""A product by its look, a name with a version or an edition; or a family whose version is often left out."""
_GOES_ON = re.compile(r"\s?[.．]\d|[-‑–][A-Za-z0-9]")
_LINK = re.compile(
    "相比|对比|相较|比起|较之|比较|对方|对手|后者|前者|其|它|竞品|compar|versus|\\bvs\\b|than|against|rival|opponent|competitor|"
    r"\bits?\b",
    re.IGNORECASE,
)
_AGAINST_HAN = re.compile(
    rf"(?:是|为|比|较|达到?|相当于|只有|仅有|仅|不到|相较于?)\s?(?P<what>[{HAN}A-Za-z0-9][{HAN}A-Za-z0-9 .\-]{{1,20}}?)"
    "的?(?:约|近)?$"
)
_AGAINST = re.compile(
    r"\s?(?:(?:the|its|as|more|less|faster|cheaper|lower|higher|quicker|speed|cost|price|rate|fast|quick|cheap|inference|"
    r"generation|output)\s)*(?:of|than|as|that of|what|from)\s(?:the\s)?(?P<what>[A-Za-z][\w.’' -]{1,40})"
)


def subject(claim: Claim, number: Number, sentence: Sentence) -> tuple[str | None, Literal["subject", "others"] | None]:
    """Return the name a number is said of, and whether it is the claim's subject or one of the others.

    It is the last name before the number in its sentence; else the first behind it in its clause; else the last in the
    text before; else what the headline, or the text, names first. (None, None) if nothing is named anywhere.
    """
    if not claim.subject:
        return None, "subject"
    here = sentence.of(claim, "subject", "others")
    before = [mark for mark in here if mark.end <= number.start][-1:]
    behind = [mark for mark in here if mark.start >= number.end and not sentence.borders(mark, number)][:1]
    if before and behind and sentence.far(behind[0], number) + CLAUSE < sentence.far(before[0], number):
        before = []
    earlier = sentence.named(claim) if not before and not behind else None
    for mark in (*before, *behind, *([earlier] if earlier else [])):
        longer = sentence.text[mark.end : mark.end + 3] if mark in here else ""
        own = "subject" in sentence.terms.roles[mark.text][claim.id] and not _GOES_ON.match(longer)
        return mark.text, "subject" if own else "others"
    return None, None


def is_of_a_stranger(claim: Claim, number: Number, sentence: Sentence) -> bool:
    """Say whether a product that the topic does not know stands between the subject's name and the number."""
    names = [mark.end for mark in sentence.of(claim, "subject", "others") if mark.end <= number.start]
    return _PRODUCT.search(sentence.text, max(names, default=0), number.start) is not None


def baseline(
    claim: Claim, number: Number, sentence: Sentence
) -> tuple[str | None, Literal["own", "other", "vague"] | None]:
    """Return what a multiple or a part is measured against: the claim's baseline, another product, or mere words."""
    own = sentence.closest(
        [mark for mark in sentence.of(claim, "baseline") if _is_linked(mark, number, sentence)], number
    )
    named = sentence.of(claim, "subject", "others", "baseline")
    others = [
        span
        for span in (match.span() for match in _PRODUCT.finditer(sentence.text))
        if not any(_overlap(span, mark) or 0 <= mark.start - span[1] <= POSSESSIVE for mark in named)
        and _is_linked(span, number, sentence)
    ]
    other = min(others, key=lambda span: sentence.far(span, number), default=None)
    if own is not None and (other is None or sentence.far(own, number) <= sentence.far(other, number)):
        return claim.baseline[0], "own"
    if other is not None:
        return sentence.text[other[0] : other[1]], "other"
    said = _AGAINST_HAN.search(sentence.folded, max(0, number.start - AGAINST), number.start)
    said = said or _AGAINST.match(sentence.folded, number.end)
    return (None, None) if said is None else (sentence.text[said.start("what") : said.end("what")].strip(), "vague")


def _is_linked(place: Mark | tuple[int, int], number: Number, sentence: Sentence) -> bool:
    """Say whether a name can be what a number is measured against.

    It is so in the number's clause, where no other number is nearer (in English it follows its number: `twice as fast
    as A at half the cost of B`), and nearby with a word of comparison.
    """
    start, end = place[:2]
    far = sentence.far(place, number)
    if far > 2 * AGAINST:
        return False
    between = sentence.folded[number.end : start] if start >= number.end else sentence.folded[end : number.start]
    compared = _LINK.search(between) is not None
    if start >= number.end:
        free = not any(number.end <= other.start < start for other in sentence.numbers)
        near = free or sentence.is_nearest(place, number, sentence.numbers)
    elif between.isascii() and any(map(str.isalpha, between)):
        near = compared or not any(other.start < start for other in sentence.numbers)
    else:
        near = sentence.is_nearest(place, number, sentence.numbers)
    if not near or far > AGAINST:
        return end <= number.start and compared
    return (
        not sentence.borders(place, number)
        or compared
        or _LINK.search(sentence.folded, max(0, start - 6), start) is not None
    )


def _overlap(span: tuple[int, int], mark: Mark) -> bool:
    return span[0] < mark.end and mark.start < span[1]
