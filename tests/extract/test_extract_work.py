"""The work of an extraction grows in proportion to the page, whatever the page is."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest

from crawler.errors import Unreadable
from crawler.extract import extract
from crawler.extract.declared import _COMMENT
from crawler.extract.tree import parse
from crawler.model import Page
from tests.support.layouts.hostile import SHAPES
from tests.support.work import calls

SMALL, FACTOR = 200, 4
MOST = 1.5
"""Times what proportion allows: a page of 800 has its own thresholds."""

_FIXED = 3000
"""Calls that a page costs whatever its size."""


def _calls(body: str) -> int:
    """Return how many functions an extraction calls."""
    page = Page(url="https://a.example/1.html", body=body.encode(), fetched_at=datetime(2026, 1, 1, tzinfo=UTC))

    def work() -> None:
        with suppress(Unreadable):
            extract(page)

    return calls(work)


@pytest.mark.parametrize("name", SHAPES)
def test_work_grows_with_the_page(name: str) -> None:
    """Four times the page calls four times the functions, not sixteen: counted, not timed."""
    shape = SHAPES[name]
    assert _calls(shape(FACTOR * SMALL)) <= MOST * FACTOR * (_calls(shape(SMALL)) + _FIXED)


def test_a_comment_that_never_ends_is_read_once() -> None:
    """An open comment runs to the end of a script, so that what is in it opens no other."""
    assert _COMMENT.sub("", '{"a": 1} /* x /* y /* z') == '{"a": 1} '


def test_a_tag_of_many_attributes_is_read_without_them() -> None:
    """And one with a long value keeps it: libxml2 compares every attribute with every other."""
    many = " ".join(f"a{number}=1" for number in range(5000))
    assert not parse(f'<body><p {many} class="x">text</p>').body[0].attrib
    assert parse(f'<body><p data-state="{"a b " * 5000}" class="x">text</p>').body[0].get("class") == "x"
