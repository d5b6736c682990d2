"""Sketches and matches: which texts are copies, and of what kind. Every text is invented."""

from __future__ import annotations

import importlib
import random
import re
import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opencc import OpenCC

from crawler import limits
from crawler.dedupe import bare_sha256, match, sketch
from crawler.dedupe.sketch import LEAST, SHORTEST, fingerprints
from crawler.limits import SKETCH_FINGERPRINTS
from crawler.model import Article, Held, Match
from crawler.text import folding

matching = importlib.import_module("crawler.dedupe.match")  # the package names its function so
TRADITIONAL = OpenCC("s2t")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

ORIGINAL = (
    "青石科技周二发布了第三代语音助手，称它能在没有网络的情况下听懂十一种方言。公司首席研究员罗一鸣说，新模型只有七亿个参数，"
    "放进手表也不吃力，续航因此多出了四个小时。她在台上让手表读了一封两千字的家书，又用温州话问它要不要带伞，"
    "台下笑成一片。据介绍，团队用了十四个月收集录音，走访了二十六个县城，志愿者里年纪最大的已经九十三岁。"
    "不过也有人担心隐私，青石的回答是录音从不离开设备，代码将在五月公开，任何机构都可以来查。"
    "分析人士认为，这一步会逼着几家大厂重新考虑端侧路线，毕竟云端的账单一年比一年难看。"
)
ENGLISH = (
    "Bluestone said on Tuesday that its third voice assistant understands eleven dialects without a network. Chief "
    "researcher Luo Yiming told reporters the model has 700 million parameters and fits a watch, which now lasts four "
    "hours longer. She had it read a letter of 2,000 words aloud and asked it about the rain in her own dialect. The "
    "team spent 14 months recording volunteers in 26 counties, the oldest of them 93. Critics worry about privacy; the "
    "company answers that recordings never leave the device and that anyone may audit the code from May."
)
STRANGER = (
    "县里的老戏台修好了，请来的班子连唱三晚，第一晚就来了八百多人，板凳不够，后排的人干脆站在自家三轮车上看。"
    "唱老生的师傅今年七十一岁，卸了妆坐在台阶上抽烟，说上一次在这儿开嗓还是发大水的那一年。"
    "戏台的木料是从山那边拆下来的旧梁，匠人们一根一根编了号，前后忙了两百天，连一颗铁钉都没有用。"
)
GAMBLING = (
    "澳门新葡京娱乐城注册即送八十八元彩金，真人荷官在线发牌，六合彩时时彩北京赛车天天返水，客服全天在线等您来电。" * 2
)
PINYIN = {"据": "jù", "发": "fā", "说": "shuō", "的": "de", "分": "fèn", "为": "wéi", "得": "děi"}


def judged(one: str, other: str, days: float | None = None) -> Match | None:
    """Return the match of a new text with a held one, both dated `days` apart or undated."""
    published = None if days is None else NOON
    held = Held(
        article_id=1,
        revision_id=1,
        url="https://held.test/",
        title="",
        body=other,
        published_at=published,
        first_seen_at=NOON,
    )
    later = None if days is None else NOON + timedelta(days=days)
    found = match(Article(url="https://new.test/", title="", body=one, published_at=later), [held])
    return found[0] if found else None


def kind(one: str, other: str, days: float | None = None) -> str | None:
    """Return the kind in both directions, which must be the same."""
    here, there = judged(one, other, days), judged(other, one, days)
    assert here == there
    return here.kind if here else None


def traditional(body: str) -> str:
    """Write a simplified text in traditional characters."""
    return str(TRADITIONAL.convert(body))


def with_pinyin(body: str) -> str:
    """Insert readings as mirrors do: 据(jù)."""
    return "".join(f"{char}({PINYIN[char]})" if char in PINYIN else char for char in body)


def test_a_text_in_other_dress_is_an_exact_copy() -> None:
    """Traditional characters, full-width digits, spaces, punctuation and inserted pinyin do not make another text."""
    assert kind(ORIGINAL, traditional(ORIGINAL)) == "exact"
    assert kind(ORIGINAL, with_pinyin(ORIGINAL)) == "exact"
    assert kind(ENGLISH, ENGLISH.upper().replace(",", "，")) == "exact"
    assert bare_sha256(ORIGINAL) == bare_sha256(traditional(with_pinyin(ORIGINAL)))


@pytest.mark.parametrize("body", [ORIGINAL, ENGLISH])
def test_a_credit_line_makes_a_reprint(body: str) -> None:
    """Lines before and after are the copyist's, the text is the original's."""
    assert kind(f"来源：某某网 作者：张三\n{body}\n责任编辑：李四", body) == "reprint"


def test_gambling_text_before_a_copy_does_not_hide_it() -> None:
    """Words stuffed in front leave the copy a copy."""
    assert kind(GAMBLING + ORIGINAL, ORIGINAL) in {"reprint", "truncated"}


def test_a_copy_inside_a_longer_page_is_contained() -> None:
    """A round-up that has the text whole, below others, contains it: a match, and no edge of a tree."""
    assert kind(STRANGER * 2 + ORIGINAL[:190] + STRANGER[::-1], ORIGINAL[:190]) == "contains"


@pytest.mark.parametrize("body", [ORIGINAL, ENGLISH])
def test_the_beginning_of_a_text_is_truncated(body: str) -> None:
    """A page that stops at half way copies the whole one."""
    assert kind(body[: len(body) // 2] + "……点击查看全文", body) == "truncated"


def test_reordered_and_reworded_sentences_are_a_rewrite() -> None:
    """Most words are the original's, in other places and with phrases of another hand between them."""
    first, *rest = ORIGINAL.rstrip("。").split("。")
    reworded = [f"记者了解到，{part[: len(part) * 3 // 4]}等，业内人士对此议论纷纷" for part in rest]
    assert kind("。".join([*reworded, first]), ORIGINAL) == "rewrite"


def test_strangers_give_no_match() -> None:
    """Two texts on different things have nothing in common."""
    assert judged(ORIGINAL, STRANGER) is None
    assert judged(ORIGINAL, ENGLISH) is None


def bulletin(day: int, figures: list[str]) -> str:
    """Write a daily bulletin: the same frame, other numbers."""
    return (
        f"市气象台{day}日发布通报：过去二十四小时全市平均降雨{figures[0]}毫米，最大出现在北郊水库，为{figures[1]}毫米，"
        f"河道水位较前一日上涨{figures[2]}厘米，共出动抢险人员{figures[3]}人次，转移群众{figures[4]}人，"
        f"目前没有人员伤亡的报告，气象台提醒市民注意防范城市内涝，尽量减少不必要的出行，并留意后续预警信息。"
    )


def test_the_same_frame_about_another_day_is_a_lookalike() -> None:
    """A template with other numbers weeks later is no copy, with dates or without, and is kept as a look-alike."""
    june = bulletin(3, ["41.5", "97.2", "36", "2180", "640"])
    july = bulletin(19, ["12.8", "33.9", "8", "415", "27"])
    for days in (None, 46.0):
        found = judged(june, july, days)
        assert found is not None
        assert found.kind is None
        assert found.features["missing"] > 3


def test_a_text_repeated_months_later_is_still_a_copy() -> None:
    """The gap speaks against a copy, but not against the same words and numbers."""
    assert kind(f"旧文重发\n{ORIGINAL}", ORIGINAL, days=200) == "reprint"


def test_the_evidence_is_plain_json() -> None:
    """What the match saw can be stored and read by people."""
    found = judged(f"转载：{ORIGINAL}", ORIGINAL, days=2)
    assert found is not None
    assert found.features["days"] == 2
    assert found.features["missing"] == 0
    assert 0.95 < found.features["runs"] <= 1


def test_too_short_to_tell() -> None:
    """Equal notices are not copies of each other."""
    assert judged("请登录后查看全文", "请登录后查看全文") is None
    assert sketch("请登录后查看全文") == []


def test_copies_come_first_and_the_best_of_them() -> None:
    """Matches are ordered: copies by score, then look-alikes."""
    held = [
        Held(article_id=n, revision_id=n, url="", title="", body=body, published_at=None, first_seen_at=NOON)
        for n, body in enumerate(
            [bulletin(4, ["1", "2", "3", "4", "5"]), f"注：{bulletin(3, ['6', '7', '8', '9', '0'])}"]
        )
    ]
    found = match(Article(url="", title="", body=bulletin(3, ["6", "7", "8", "9", "0"])), held)
    assert [one.article_id for one in found] == [1, 0]
    assert [one.kind for one in found] == ["reprint", None]


def test_only_so_much_of_all_candidates_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first candidates are verified, which are the likeliest; the others are passed over."""
    held = [
        Held(article_id=n, revision_id=n, url="", title="", body=ORIGINAL, published_at=None, first_seen_at=NOON)
        for n in range(5)
    ]
    monkeypatch.setattr(matching, "CANDIDATE_CHARACTERS", 3 * len(ORIGINAL))
    found = match(Article(url="", title="", body=ORIGINAL), held)
    assert [one.article_id for one in found] == [0, 1, 2]


def test_what_a_long_text_was_read_as_is_not_kept() -> None:
    """Of 128 of the longest that would be 340 MB for as long as the process lives; both ways the match is the same."""
    matching._kept.cache_clear()
    long = ORIGINAL * (1 + matching.LONGEST_KEPT // len(ORIGINAL))
    assert kind(f"转载：{long}", long) == "reprint"
    assert matching._kept.cache_info().currsize == 0
    assert kind(f"转载：{ORIGINAL}", ORIGINAL) == "reprint"
    assert matching._kept.cache_info().currsize == 2


@given(st.text(max_size=400))
def test_a_sketch_is_small_sorted_and_signed(body: str) -> None:
    """At most SKETCH_FINGERPRINTS distinct integers that SQLite holds in four bytes; none for what is too short."""
    made = sketch(body)
    assert made == sorted(set(made))
    assert len(made) <= SKETCH_FINGERPRINTS
    assert all(-(2**31) <= value < 2**31 for value in made)
    assert (len(folding.bare(body)) >= SHORTEST) or made == []


@given(
    st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=60, max_size=600), st.integers(0, 99)
)
def test_a_part_shares_its_fingerprints_with_the_whole(body: str, seed: int) -> None:
    """What a sketch keeps of a part it keeps of the whole, save what only short and very long texts keep."""
    start = random.Random(seed).randrange(len(body) // 2)
    part, whole = set(sketch(body[start:])), set(sketch(body))
    if len(part) > LEAST and len(whole) < SKETCH_FINGERPRINTS:
        assert part <= whole


def test_drop_pinyin_takes_readings_and_nothing_else() -> None:
    """A reading has a tone or is one of the few without; glosses and abbreviations stay."""
    assert folding.drop_pinyin("據(jù)報(bào)道，的(de)確（què）") == "據報道，的確"
    for kept in ("人工智能(AI)", "小米(Xiaomi)", "模型(MoE)", "a(jù)", "罗(Luo)", "步骤(b)"):
        assert folding.drop_pinyin(kept) == kept


def test_the_fold_of_a_sketch_is_the_fold_of_a_text() -> None:
    """Sketching a text and its folded form are the same."""
    assert sketch(traditional(ORIGINAL)) == fingerprints(folding.bare(ORIGINAL))


def test_one_character_is_no_sentence() -> None:
    """U+FDFA stands for fifteen letters: 10,000 of it were compared as 150,000, and kept."""
    assert folding.bare("\ufdfa" * 1000) == "\ufdfa" * 1000
    assert folding.bare("㌖") == "キロメートル"
    assert all(len(folding.bare(chr(point))) <= limits.LETTERS_PER_CHARACTER for point in range(0x20, 0x20000))


def test_a_text_of_all_characters_is_forgotten() -> None:
    """The table of folded characters stays small, and folds the same after it was emptied."""
    every = "".join(chr(point) for point in range(0x20, 0x3134F) if not 0xD800 <= point < 0xE000)
    once = folding.bare(every)
    assert len(folding._BARE) <= folding._BARE.MOST
    folding.bare.cache_clear()
    assert folding.bare(every) == once


def test_one_pass_folds_as_four_do() -> None:
    """`bare` takes each character through NFKC, lower case, simplification and the letters-and-digits filter."""
    for body in (ORIGINAL, traditional(ORIGINAL), ENGLISH, "ＡＢ１２ ﬁ ㍿ ½ É é_İ\u0301\ud800 \U0002f800"):
        slow = folding.simplify(unicodedata.normalize("NFKC", unicodedata.normalize("NFC", body)).lower())
        assert folding.bare(body) == re.sub(r"[\W_]+", "", slow)
