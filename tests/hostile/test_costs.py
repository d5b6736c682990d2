"""Pages that are made to cost: one visit each, and no more work or memory than their size gives a right to."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crawler.extract import extract
from crawler.extract.attributes import bounded
from crawler.extract.tree import parse
from crawler.model import Article, Page

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TEXT = "<p>The committee decided, on Monday, that all would stay as it was, and then its members went home.</p>" * 4


def read(body: str, url: str = "https://a.test/news/1.html") -> Article:
    """Return what extract makes of a page."""
    return extract(Page(url=url, body=body.encode(), fetched_at=NOW))


MANY = 100_000
CROWDED = {
    "without spaces": "<p " + "".join(f'a{n}="1"' for n in range(MANY)) + ">",
    "with slashes": "<p x/" + "/".join(f"a{n}" for n in range(MANY)) + ">",
    "a slash first": "<p/" + "/".join(f"a{n}" for n in range(MANY)) + ">",
    "ends hidden": "<p " + "".join(f'a{n}=">"' for n in range(MANY)) + ">",
    "ends hidden in the other marks": "<p " + "".join(f"a{n} =\n'\">'" for n in range(MANY)) + ">",
    "a beginning hidden": '<p b="<" ' + " ".join(f"a{n}" for n in range(MANY)) + ">",
    "pages hidden": "<p " + "".join(f'a{n} b{n}="<i>"' for n in range(MANY)) + ">",
    "behind a script": "<script>if (a<b) c = '</script><p " + " ".join(f"a{n}" for n in range(MANY)) + ">",
    "behind a mark": "<p '>" + TEXT + "<p " + "".join(f"a{n}='>'" for n in range(MANY)) + ">",
    "wrapped too deep": "<div>" * 3000 + "<x <div> " + " ".join(f"a{n}" for n in range(MANY)) + ">",
}  # fmt: skip


@pytest.mark.parametrize("name", CROWDED)
def test_no_tag_has_more_attributes_than_a_parse_can_bear(name: str) -> None:
    """However they are written: libxml2 took 92 s for 100,000 without white space between them."""
    page = f"<h1>The committee decided</h1>{CROWDED[name]}{TEXT}"
    assert max(len(element.attrib) for element in parse(page).root.iter()) < 60
    assert "its members went home" in read(page).body


def test_a_page_without_crowded_tags_is_parsed_as_it_is() -> None:
    """What only looks like many attributes, a script or a long value, changes nothing."""
    words = " ".join(f"w{n}" for n in range(5000))
    for page in (f"<script>if (a<b) c = '>{words}'</script>", f'<p data-x="{words}">', f"<p>a > b = '>' {words}"):
        assert bounded(page) is page
