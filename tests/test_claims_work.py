"""What a hostile text costs the claims: shapes of which an unguarded rule would never come to an end."""

from __future__ import annotations

import pytest

from crawler.claims import attribution
from crawler.claims.sighting import _CONVERTS


@pytest.mark.parametrize("piece", ["在", "在也", "在会上", "在 在", "也"])
def test_who_is_quoted_is_looked_for_once(piece: str) -> None:
    """在 may stand in what follows another 在: tried in every way, 32 of them took five seconds."""
    assert attribution.quoted(f"“，小米{piece * 200}x MiMo") is None
    assert attribution.quoted("罗福莉在北京的会上再次表示，参数是309B。") == "罗福莉"


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
