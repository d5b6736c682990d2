from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.text.diff import BETWEEN, PAIRED, SHARED, STEPS, Steps, _pairs, changes, differences, differing
from tests.support.work import steps

PROSE = st.text(alphabet="小米发布大模型。，！ \n30.9亿a bMiMo-V2", max_size=120)


@pytest.mark.parametrize(
    ("before", "after", "removed", "added"),
    [
        ("总参数3090亿，激活150亿。", "总参数309亿，激活150亿。", "3090亿", "309亿"),
        ("总参数 3,090 亿。", "总参数 309 亿。", "3,090 亿", "309 亿"),
        ("It has 30.9 billion parameters.", "It has 309 billion parameters.", "30.9 billion", "309 billion"),
        ("It has 309B parameters in all.", "It has 310B parameters in all.", "309B", "310B"),
        ("代码能力位列全球第一名。", "代码能力位列全球第二名。", "第一名", "第二名"),
        ("价格为0.1美元。第二句不变。", "价格为0.3美元。第二句不变。", "0.1", "0.3"),
        ("她说过。模型开源。", "她说过。模型开源。公司未予置评。", "", "公司未予置评。"),
        ("小米的营收同比增长了百分之十。", "小米的营收同比大幅增长了百分之十。", "", "大幅"),
        ("MiMo-V2-Flash 今天正式发布了", "MiMo-V2-Pro 今天正式发布了", "MiMo-V2-Flash", "MiMo-V2-Pro"),
        ("公司表示不会裁员，也不降薪。", "公司在公告中称，公司表示不会裁员，也不降薪。", "", "公司在公告中称，"),
        ("小米发布了新模型。", "小米宣布，小米发布了新模型。", "", "小米宣布，"),
        (
            "Xiaomi released a model.",
            "Xiaomi said on Monday that Xiaomi released a model.",
            "",
            "Xiaomi said on Monday that",
        ),
        (
            "甲在上午宣布，乙跟进，共投入160亿元。",
            "甲在下午宣布，乙跟进，共投入600亿元。",
            "在上午 … 160亿",
            "在下午 … 600亿",
        ),
    ],
)
def test_changes_read_as_a_person_would_say_them(before: str, after: str, removed: str, added: str) -> None:
    """Numbers change whole, names whole, lone characters with their neighbours, new sentences whole."""
    assert changes(before, after) == (removed, added)


def test_a_moved_paragraph_is_no_change() -> None:
    """Order, space and punctuation carry no words."""
    assert changes("第一段。\n第二段。", "第二段。\n\n第一段。") == ("", "")
    assert changes("小米，发布新品了。", "小米：发布新品了！") == ("", "")


def test_a_sentence_said_twice_and_then_once_was_removed_once() -> None:
    """Repetition counts."""
    assert changes("重要的话。重要的话。", "重要的话。") == ("重要的话。", "")


def test_another_text_is_reported_whole() -> None:
    """Two texts with nothing in common are not shredded into shared characters."""
    old, new = "小米公司今天发布新车。", "A court in Delaware ruled on Monday."
    assert changes(old, new) == (old, new)


@given(text=PROSE)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    """No change, no words."""
    assert changes(text, text) == ("", "")


@given(before=PROSE, after=PROSE)
def test_every_word_reported_stood_in_its_text(before: str, after: str) -> None:
    """Each place removed is of the old text, each added of the new, but for white space."""
    removed, added = changes(before, after)
    for said, text in ((removed, before), (added, after)):
        squeezed = "".join(text.split())
        assert all("".join(place.split()) in squeezed for place in said.split(BETWEEN))


@given(before=PROSE, words=st.text(alphabet="新增内容甲乙丙", min_size=4, max_size=20))
def test_an_added_sentence_is_all_that_is_added(before: str, words: str) -> None:
    """Text appended as a sentence of its own is what was added, and nothing was removed."""
    assert changes(before, f"{before}\n{words}") == ("", words)


def test_twenty_thousand_characters_without_a_full_stop() -> None:
    """The worst shape still ends: two long texts that are one sentence each, with one number changed."""
    words = "".join(chr(0x4E00 + i * 7919 % 3000) for i in range(20_000))
    assert changes(words[:9000] + "3090亿" + words[9000:], words[:9000] + "309亿" + words[9000:]) == ("3090亿", "309亿")


@pytest.mark.parametrize(
    ("count", "piece"),
    [(int(PAIRED**0.5) + 1, "甲乙丙丁戊己"), (int((SHARED / 50) ** 0.5) + 1, "".join(map(chr, range(0x4E10, 0x4E50))))],
)
def test_too_many_sentences_to_pair_are_reported_whole(count: int, piece: str) -> None:
    """Each is like each: of two thousand short ones the pairs took 438 MB, and of long ones as much time."""
    olds, news = ([f"{piece}{mark}{number}" for number in range(count)] for mark in "旧新")
    assert _pairs(olds, news) == []
    few = 20
    assert len(_pairs(olds[:few], news[:few])) == few
    removed, added = changes("。\n".join(["标题", *olds]), "。\n".join(["标题", *news]))
    assert (removed.count(BETWEEN), added.count(BETWEEN)) == (count - 1, count - 1)


@pytest.mark.parametrize("sentences", [1, 16])
def test_a_few_words_again_and_again_take_no_more_steps(sentences: int) -> None:
    """However many sentences share them: sixteen like these took 13.5 s."""
    old, new = ("。".join(f"小米{mark}的".join("c" * 200) + str(i) for i in range(sentences)) for mark in "bd")
    assert STEPS / 4 < steps(lambda: changes(old, new)) <= STEPS
    removed, added = changes(old, new)
    assert "b" in removed
    assert "d" in added


def test_what_was_not_compared_is_one_place() -> None:
    """What lies between the equal ends is reported whole: word by word it took four seconds."""
    words = "".join(chr(0x4E10 + place * 7919 % 140) for place in range(40_000))
    old, new = (f"{words}{first}{words[7:]}{last}{words}" for first, last in (("3090亿", "甲"), ("309亿", "乙")))
    (gone,), (come,) = differences(old, new, Steps())
    assert old[slice(*gone)] == f"3090亿{words[7:]}甲"
    assert new[slice(*come)] == f"309亿{words[7:]}乙"


@given(
    left=st.lists(st.sampled_from("甲乙丙"), max_size=30),
    right=st.lists(st.sampled_from("甲乙丙"), max_size=30),
    most=st.integers(0, 400),
)
def test_where_lists_differ_leaves_the_same_on_both_sides(left: list[str], right: list[str], most: int) -> None:
    """However few steps there are; and no place stands where both begin or end alike."""
    at = other = 0
    for i, i_end, j, j_end in differing(left, right, Steps(most)):
        assert left[at:i] == right[other:j]
        if i < i_end and j < j_end:
            assert left[i] != right[j]
            assert left[i_end - 1] != right[j_end - 1]
        at, other = i_end, j_end
    assert left[at:] == right[other:]
