"""What a number is said of: the names of its text, looked up and never gone through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from crawler import claims
from crawler.claims.candidates import NUMBERS, _subject
from crawler.text.numbers import Number, find
from crawler.topic import reader

PLACES = st.sets(st.integers(0, 60)).map(sorted)


def number_at(start: int) -> Number:
    """Return a number at a place."""
    (number,) = find(" " * start + "3亿 ")
    return number


@given(places=PLACES, cuts=st.lists(st.integers(0, 60), min_size=3, max_size=3).map(sorted))
def test_a_number_is_said_of_the_name_before_it(places: list[int], cuts: list[int]) -> None:
    """In its sentence; else of the first behind it there; else of the last of all sentences before."""
    start, at, end = cuts
    names = [(place, f"name {place}") for place in places]
    number = number_at(at)
    before = [name for place, name in names if start <= place < number.start]
    behind = [name for place, name in names if number.end <= place < end]
    earlier = [name for place, name in names if place < start]
    wanted = [*before[-1:], *behind[:1], *earlier[-1:]]
    assert _subject(names, number, start, end) == (wanted[0] if wanted else None)


def test_a_text_that_counts_without_end_is_read_so_far_alone() -> None:
    """Three of 60,000 characters held 46 MB of sentences."""
    body = "MiMo" + "，".join(f"设备{number}%" for number in range(3000))
    texts = [
        claims.Text(
            title="", body=body, url=f"https://{name}.test/", outlet=None, at="2026", copies=0, known=frozenset()
        )
        for name in "ab"
    ]
    found = claims.candidates(reader.load(), texts)
    assert len(found) <= NUMBERS
    assert {each.texts for each in found} == {2}
    assert all(each.sentence for each in found)


class Counted(Sequence[tuple[int, str]]):
    """Ten thousand names, and how often one was looked at."""

    def __init__(self) -> None:
        self.looks = 0

    def __len__(self) -> int:
        return 10_000

    def __getitem__(self, at: Any) -> Any:
        self.looks += 1
        return at * 10, f"name {at}"


def test_names_without_end_are_looked_up() -> None:
    """A text of a name and a number, 12,000 times: all names for each number took eight seconds."""
    names = Counted()
    assert _subject(names, number_at(50_003), 50_000, 50_020) == "name 5000"
    assert names.looks < 60
