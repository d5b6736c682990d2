"""What happens to a text on its way to a copy: cut, converted, spelled out, prefixed, reworded."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_TRADITIONAL = "據報發團隊這個類數億價開會說説為過時動機車對從與學現進還國雲產業"
_READINGS = """jù bào fā tuán duì zhè gè lèi shù yì jià kāi huì shuō shuō wèi guò shí dòng jī chē duì cóng yǔ xué xiàn
jìn hái guó yún chǎn yè"""

PINYIN = dict(zip(_TRADITIONAL, _READINGS.split(), strict=True))
"""The readings a mirror farm inserts behind traditional characters."""


def derived(title: str, paragraphs: tuple[str, ...], how: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Return title and paragraphs of a copy.

    Args:
        title: the original's.
        paragraphs: the original's.
        how: any of `keep` (paragraphs kept), `replace` (pairs of old and new words), `before` and `after` (paragraphs
            added), `script` (an OpenCC conversion, `s2hk` or `s2tw`), `pinyin` (true: readings inserted).
    """
    kept = list(paragraphs[: how.get("keep")])
    for old, new in how.get("replace", ()):
        kept = [paragraph.replace(old, new) for paragraph in kept]
    said = [title, *how.get("before", ()), *kept, *how.get("after", ())]
    if "script" in how:
        said = [_convert(how["script"], text) for text in said]
    if how.get("pinyin"):
        said = [_spelled(text) for text in said]
    return said[0], tuple(said[1:])


def _spelled(text: str) -> str:
    return "".join(f"{char}({PINYIN[char]})" if char in PINYIN else char for char in text)


@cache
def _convert(script: str, text: str) -> str:
    from opencc import OpenCC

    return str(OpenCC(script).convert(text))
