"""What a hostile text costs the claims: shapes of which an unguarded rule would never come to an end."""

from __future__ import annotations

from collections import Counter

import pytest

from crawler import claims
from crawler.claims import SIGHTINGS, attribution
from crawler.claims.sentences import LONGEST, sentences
from crawler.claims.sighting import _CONVERTS
from crawler.topic import reader
from tests.support.work import calls

TOPIC = reader.load()

SMALL, FACTOR = 200, 4
MOST = 1.5
"""Times what proportion allows: the first sentence is read with fewer terms before it."""


@pytest.mark.parametrize("piece", ["在", "在也", "在会上", "在 在", "也"])
def test_who_is_quoted_is_looked_for_once(piece: str) -> None:
    """在 may stand in what follows another 在: tried in every way, 32 of them took five seconds."""
    assert attribution.quoted(f"“，小米{piece * 200}x MiMo") is None
    assert attribution.quoted("罗福莉在北京的会上再次表示，参数是309B。") == "罗福莉"


def test_what_stands_before_a_verb_is_read_so_far_alone() -> None:
    """还 530 times was read to its end from every name and every 在 before it: 1.7 s for 60,000 characters."""
    assert attribution.quoted(f"“，罗福莉{'还' * 4}在北京{'还' * 4}表示") == "罗福莉"
    assert attribution.quoted(f"“，罗福莉{'还' * 30}表示") is None


@pytest.mark.parametrize("piece", ["约合", " ", "人民币 ", "约 合", "equal to "])
def test_what_stands_between_two_currencies_is_read_in_one_way(piece: str) -> None:
    """约合 is also 约 and 合: every one more doubled the time, and 22 took a second and a half."""
    assert _CONVERTS.fullmatch(piece * 200)
    assert not _CONVERTS.fullmatch(f"{piece * 200}嗯")


@pytest.mark.parametrize("piece", ["A", "aA", "A.", "小A", "A’s"])
def test_a_name_is_read_from_the_first_capital_of_a_word(piece: str) -> None:
    """A word of 200,000 letters is read once, not once from each of its capitals: twenty minutes."""
    assert attribution.quoted(piece * (200_000 // len(piece))) is None
    assert attribution.quoted("An iPhone, 卢伟冰Lu Weibing said, is no rival.") == "Lu Weibing"


def _calls(text: str) -> int:
    """Return how many functions are called to find what a text states."""
    return calls(lambda: claims.find(TOPIC.claims, "小米 MiMo-V2-Flash", text))


@pytest.mark.parametrize(
    "piece",
    [
        "总参数4000亿、",
        "（）总参数3亿、",
        "激活参数3亿",
        "GPT-5 3倍速度 Claude-4 2倍成本 ",
        "小米MiMo参数设备研发激活3亿、",
    ],
)
def test_work_grows_with_the_text(piece: str) -> None:
    """Four times the text calls four times the functions, though all of it is one sentence: not sixty-four times."""
    _calls(piece)  # the patterns are compiled once
    assert _calls(piece * FACTOR * SMALL) <= MOST * FACTOR * _calls(piece * SMALL)


def test_a_sentence_without_end_is_read_in_parts() -> None:
    """Each part ends where a clause does, else where a word does, else where it must; the numbers in it are found."""
    for piece, end in (("总参数3090亿、", "、"), ("the 309B model ", "model"), ("参", "参")):
        text = piece * 1000
        parts = [text[start:stop] for start, stop in sentences(text)]
        assert all(len(part) <= LONGEST and part.endswith(end) for part in parts)
        assert sum(len(part.replace(" ", "")) for part in parts) == len(text.replace(" ", ""))
    found = claims.find(TOPIC.claims, "小米 MiMo-V2-Flash", f"{'据' * 2000}，总参数3090亿。")
    assert [(each.claim_id, each.raw) for each in found] == [("total_params", "3090亿")]


def test_a_claim_said_a_thousand_times_is_stored_thirty_times() -> None:
    """Those are the first, in short sentences too: of 15 kB no 12 MB are made."""
    for mark in "、。":
        found = claims.find(TOPIC.claims, "小米", f"MiMo-V2-Flash{f'总参数3090亿{mark}' * 1000}")
        assert Counter(each.claim_id for each in found) == {"total_params": SIGHTINGS}
        assert sum(len(each.sentence) for each in found) <= SIGHTINGS * LONGEST
        assert found[0].start + found[0].raw_start == len("MiMo-V2-Flash总参数")
