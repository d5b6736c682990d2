"""Whether the page says that the text goes on for those who pay."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawler.extract.class_names import is_paywall
from crawler.limits import CLASS_NAME_CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lxml.etree import _Element as Element

    from crawler.extract.blocks import Block
    from crawler.extract.declared import Facts

_ASKS = re.compile(
    r"订阅后|付费(?:后|阅读|订阅|内容|会员)|开通会员|会员专享|登录后(?:阅读|查看)|购买(?:后|本文|全文)|剩余\s?\d+%|余下全文需"
    r"|subscribe to (?:read|continue|unlock)|to continue reading|already a subscriber|subscribers only"
    r"|this article is for|weiterlesen mit|jetzt abonnieren|nur für abonnenten|réservé aux abonnés|para suscriptores"
)
"""Asked of lower case, which takes half the time of a search that ignores case."""

_SHORT = 3000
"""Bytes: a text above is the article, whatever its page asks for beside it."""

_LINE = 400


def sign_of(facts: Facts, blocks: Sequence[Block], text: str) -> str:
    """Return where the page says so, or "".

    JSON-LD's isAccessibleForFree counts alone; an element named paywall and a line that asks for a subscription only
    beside a short text, since many pages advertise theirs under whole ones.
    """
    if any(fact.value.strip().lower() in {"false", "no", "0"} for fact in facts.all("free")):
        return "json-ld isAccessibleForFree"
    if len(text.encode()) >= _SHORT:
        return ""
    walls: dict[Element, bool] = {}
    for block in blocks:
        if block.size < _LINE and any(_is_wall(element, walls) for element, _ in block.doubts):
            return "element named paywall"
        if block.size < _LINE and block.linked < block.size and _ASKS.search(block.text.lower()):
            return "text that asks for a subscription"
    return ""


def _is_wall(element: Element, known: dict[Element, bool]) -> bool:
    """Return whether an element is named a wall; `known` keeps the answers of one page."""
    answer = known.get(element)
    if answer is None:
        answer = known[element] = is_paywall((element.get("class") or "")[:CLASS_NAME_CHARACTERS])
    return answer
