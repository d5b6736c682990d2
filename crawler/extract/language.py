"""The language of an article: by its script where that says it, else as the page declares it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawler.text.folding import HAN

if TYPE_CHECKING:
    from crawler.extract.declared import Facts
    from crawler.extract.tree import Document

_HAN = re.compile(f"[{HAN}]")
_KANA = re.compile("[\u3040-\u30ff]")
_HANGUL = re.compile("[\uac00-\ud7af]")
_TAG = re.compile(r"^\s*([a-zA-Z]{2,3})(?:[-_,;\s]|$)")
_SHARE = 0.2
"""Of the characters: a Latin name in every sentence leaves a Chinese text far above, a Chinese quotation far below."""


_MOST = 4000
"""Characters that are counted."""


def language_of(text: str, page: Document, facts: Facts) -> str | None:
    """Return the language of a text as a two-letter code: "zh", "en", "de"; None where nothing says it.

    Pages of one template declare the language of another, so a text's own script wins.
    """
    text = text[:_MOST]
    size = len(text) * _SHARE
    if len(_KANA.findall(text)) > size:
        return "ja"
    if len(_HANGUL.findall(text)) > size:
        return "ko"
    if len(_HAN.findall(text)) > size:
        return "zh"
    declared = [page.root.get("lang"), *(fact.value for fact in facts.all("language"))]
    for said in declared:
        found = _TAG.match(said or "")
        if found and found[1].lower() not in {"zh", "ja", "ko"}:
            return found[1].lower()
    return None
