"""What a text states of the seed's claims: invented sentences in three scripts, and laws that hold for any text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler import claims
from crawler.claims import attribution
from crawler.claims.relation import likeness, relate
from crawler.claims.sentences import Ruler, sentences
from crawler.model import Claim, Relation
from crawler.text.numbers import find as numbers
from crawler.topic import reader

if TYPE_CHECKING:
    from crawler.model import ClaimSighting

TOPIC = reader.load()

ABOUT = "小米发布MiMo-V2-Flash，罗福莉出席。"
"""A headline, so that every sentence below is about something."""


def seen(text: str, title: str = ABOUT) -> list[ClaimSighting]:
    """Return what a text states, the headline left out."""
    return [each for each in claims.find(TOPIC.claims, title, text) if each.field == "body"]


def said(text: str, claim_id: str) -> list[tuple[float | None, str | None, str]]:
    """Return (value, unit, relation) of what a text states of one claim."""
    return [(each.value, each.unit, str(each.relation)) for each in seen(text) if each.claim_id == claim_id]


@pytest.mark.parametrize(
    ("claim_id", "value", "unit", "texts"),
    [
        (
            "total_params", 309e9, None,
            [
                "这款模型总参数为3090亿。", "參數總量 3,090 億，不算大。", "模型有三千零九十亿参数。",
                "它的参数规模是309B。",
                "The model has 309 billion parameters.", "A 309B-parameter model, released on Tuesday.",
                "309B total, MIT licence.",
                "总参３０９０亿。", "參(cān)數(shù)3090億。",
            ],
        ),
        (
            "active_params", 15e9, None,
            [
                "每次只激活150亿参数。", "啟用參數 150 億。", "推理时真正干活的是150亿。", "激活参数15B，够用了。",
                "Only about 15 billion of them are active at once.", "It activates 15B parameters per token.",
            ],
        ),
        (
            "window", 128.0, "token",
            [
                "滑动窗口锁在128个Token。", "視窗大小是 128 個 token。", "把窗口砍到128。", "It looks back 128 tokens.",
                "a sliding window of 128", "an aggressive 128-token window",
            ],
        ),
        (
            "iot", 1.04e9, None,
            ["平台连接了10.4亿台设备。", "連網裝置達 10.4 億台。", "小米有十点四亿台IoT设备。",
            "1.04 billion connected devices"],
        ),
        (
            "rnd_5y", 2e11, "CNY",
            [
                "小米未来五年研发投入2000亿元。", "雷軍說，五年研發砸2,000億元人民幣。",
                "五年投入至少2000亿元用于研发。",
                "Xiaomi will spend RMB 200 billion on research over five years.",
            ],
        ),
        (
            "rnd_2026", 4e10, "CNY",
            ["小米2026年研发投入约400亿元。", "40 billion yuan of research is planned for 2026 at Xiaomi."],
        ),
        ("salary", 1e7, "CNY", ["网传罗福莉年薪千万。", "傳聞羅福莉年薪1000萬元。",
        "Luo Fuli is paid 10 million yuan a year."]),
        ("acl_papers", 8.0, None, ["罗福莉在ACL发了8篇论文。", "羅福莉曾有八篇 ACL 論文。",
        "Luo Fuli had eight papers at ACL."]),
        ("speed", 3.0, "x", ["推理速度是DeepSeek-V3.2的3倍。", "It is three times as fast as DeepSeek-V3.2."]),
        (
            "cost", 0.05, "ratio",
            [
                "成本只有Gemini 2.5 Pro的二十分之一。", "價格是 Gemini 2.5 Pro 的 5%。",
                "成本只有Gemini 2.5 Pro的1/20。",
                "at one-twentieth of the cost of Google's Gemini 2.5 Pro",
            ],
        ),
        ("code_rank", 2.0, "rank", ["代码能力全球前二。", "寫代碼的能力排全球第二。",
        "Its coding is in the top 2 worldwide."]),
    ],
)  # fmt: skip
def test_the_seed_is_found_again(claim_id: str, value: float, unit: str | None, texts: list[str]) -> None:
    """Each claim is found in each script and phrasing, with its value and unit, and repeats the seed."""
    for text in texts:
        assert said(text, claim_id) == [(value, unit, "repeats")], text


@pytest.mark.parametrize(
    ("claim_id", "text", "value", "relation"),
    [
        ("total_params", "The total parameters of MiMo-V2-Flash are only 30.9 billion.", 30.9e9, "contradicts"),
        ("total_params", "MiMo-V2-Flash的总参数是2000亿。", 2e11, "contradicts"),
        ("total_params", "MiMo-V2-Flash 有千亿级参数。", 1e11, "rounds"),
        ("total_params", "MiMo-V2-Flash有约310B参数。", 310e9, "rounds"),
        ("total_params", "MiMo-V2-Flash有超过300B参数。", 300e9, "rounds"),
        ("total_params", "MiMo-V2-Pro的总参数达到1T。", 1e12, "other_scope"),
        ("total_params", "MiMo-V2.6-Flash的总参数是309B。", 309e9, "other_scope"),
        ("total_params", "总参数不是309B。", 309e9, "contradicts"),
        ("active_params", "MiMo-V2.5-Pro activates 42 billion parameters.", 42e9, "other_scope"),
        ("code_rank", "代码能力处于全球第二梯队。", 2.0, "contradicts"),
        ("code_rank", "代碼能力躋身全球第二梯隊。", 2.0, "contradicts"),
        ("code_rank", "综合性能登顶全球开源TOP 2。", 2.0, "other_scope"),
        ("speed", "推理速度提升3倍。", 3.0, "unclear"),
        ("speed", "速度是Claude 4.5 Sonnet的2倍。", 2.0, "other_scope"),
        ("speed", "三层MTP让解码提速2.6倍。", 2.6, "other_scope"),
        ("speed", "推理速度达每秒150 tokens。", 150.0, "other_scope"),
        ("cost", "It costs 2.5 percent of what Claude charges.", 0.025, "other_scope"),
        ("iot", "小米连接的IoT设备超过8亿台。", 8e8, "changes"),
        ("iot", "Xiaomi's platform had 943 million connected devices in March.", 943e6, "changes"),
        ("iot", "小米IoT设备突破10亿台。", 1e9, "rounds"),
        ("rnd_2026", "小米2026年的AI研发与资本开支超过160亿元。", 1.6e10, "other_scope"),
        ("rnd_2026", "雷军说，小米未来三年在AI领域投入600亿元。", 6e10, "other_scope"),
        ("rnd_2026", "小米2026年研发投入约450亿元。", 4.5e10, "changes"),
        ("rnd_5y", "小米过去五年研发投入1000亿元。", 1e11, "other_scope"),
    ],
)  # fmt: skip
def test_what_became_of_a_claim(claim_id: str, text: str, value: float, relation: str) -> None:
    """Another value is told by what decided: power of ten, subject, scope, baseline, tier, rounding, day."""
    assert [(each[0], each[2]) for each in said(text, claim_id)] == [(value, relation)]


@pytest.mark.parametrize(
    "text",
    [
        "2025年12月17日10:30，小米在北京举行发布会，模型参数公布。", "MiMo-V2.5与DeepSeek-V3.2、GPT-5都是模型。",
        "小米（01810.HK）涨3.09%。",
        "客服电话400-100-5678，小米设备可以报修。", "小米手机出货量4330万台，排名全球前三。",
        "小米第三季度研发投入91亿元。",
        "DeepSeek-V3.2的总参数是671B。", "Kimi-K2 has 1T parameters.", "小米汽车交付超过50万辆。",
        "小米月活用户达7.42亿，设备齐全。",
        "MiMo-V2-Flash 用27T个token训练。", "上下文窗口支持256k。", "每百万token输入0.1美元。",
        "小米在拉美地区手机排名升至第二。",
        "罗福莉的八篇ACL论文中有两篇是第一作者。".replace("八篇", ""), "SU7、小米15、Q3、5:1的比例，代码开源。",
    ],
)  # fmt: skip
def test_what_is_no_sighting(text: str) -> None:
    """Dates, model names, codes, phone numbers and numbers of other things state no claim."""
    assert [(each.claim_id, each.raw) for each in seen(text) if each.value is not None] == []


def test_a_conversion_is_kept_as_said() -> None:
    """An amount in dollars stays in dollars, and is marked as converted; at a wrong rate it is another value."""
    yuan, dollars = seen("小米五年研发投入2000亿元（约合280亿美元）。")
    assert (yuan.relation, dollars.value, dollars.unit) == ("repeats", 2.8e10, "USD")
    assert (dollars.relation, dollars.rule) == ("rounds", "converted to USD")
    wrong = seen("Xiaomi will put 200 billion yuan ($20 billion) into research over five years.")[1]
    assert (wrong.relation, wrong.rule) == ("changes", "converted to USD, at no rate the currency had")


def test_a_number_is_known_when_it_comes_again() -> None:
    """What a text has said of a claim it may say again in fewer words."""
    found = seen("小米未来五年研发投入2000亿元。外界议论纷纷。这2000亿不是盲目烧钱。")
    assert [(each.claim_id, each.raw, each.unit) for each in found] == [
        ("rnd_5y", "2000亿元", "CNY"), ("rnd_5y", "2000亿", "CNY"),
    ]  # fmt: skip
    assert found[1].rule == "the same value, said before"


def test_claims_without_a_number() -> None:
    """They are stated in words, or denied."""
    assert said("2023年5月，卢伟冰说小米不会做OpenAI类的大模型。", "no_llm_2023") == [(None, None, "repeats")]
    assert said("Lu Weibing said in 2023 it would not build a model like OpenAI's.", "no_llm_2023") == [
        (None, None, "repeats")
    ]
    assert said("罗福莉认为差距可能只有数月。", "gap") == [(None, None, "repeats")]
    assert said("罗福莉婉拒了小米的邀请。", "hired") == [(None, None, "contradicts")]


@pytest.mark.parametrize(
    ("sentence", "quoted", "hedge"),
    [
        ("罗福莉表示，参数是309B。", "罗福莉", None), ("小米总裁卢伟冰透露，设备达10.4亿台。", "卢伟冰", None),
        ("据财联社报道，小米将投入2000亿元。", "财联社", None), ("“不会做OpenAI类的模型。”卢伟冰称", "卢伟冰", None),
        ("Xiaomi will spend more, said Lu Weibing.", "Lu Weibing", None), ("According to Reuters, it has 309B.",
        "Reuters", None),
        ("网传她年薪千万。", None, "网传"), ("据悉模型有3090亿参数。", None, "据悉"),
        ("She is reportedly paid 10 million.",
        None, "reportedly"),
        ("In May 2023 it was smaller.", None, None), ("这段距离可能只剩下几个月。", None, "可能"),
    ],
)  # fmt: skip
def test_attribution(sentence: str, quoted: str | None, hedge: str | None) -> None:
    """Who is quoted and which word hedges, in both languages."""
    assert (attribution.quoted(sentence), attribution.hedge(sentence)) == (quoted, hedge)


def test_a_speaker_goes_on() -> None:
    """A quotation that runs over several sentences keeps its speaker until it is closed."""
    first, second, third = seen("罗福莉说：“它有3090亿参数。每次激活150亿参数。”会后公布的总参数是309B。")
    assert (first.quoted, second.quoted, third.quoted) == ("罗福莉", "罗福莉", None)


def test_negation() -> None:
    """A denied number is marked; 不到 and `less than` are bounds."""
    assert [each.negated for each in seen("总参数并非3090亿，而是30.9亿。")] == [True, False]
    assert not attribution.negated("总参数不到", 5)
    assert seen("The model does not have 309B parameters; it is not 309B parameters.")[-1].negated


def test_no_claims_cost_nothing() -> None:
    """A topic without claims has no sightings, whatever is said."""
    assert claims.find((), ABOUT, "总参数3090亿。") == ()


def test_words_are_the_topics() -> None:
    """Another topic's claims are found by the same rules: nothing here knows models."""
    tea = Claim(
        id="harvest", name="800 tonnes of tea", value=800.0, subject=("龙井", "Longjing"), words=("产量", "吨",
        "harvest"),
        fixed=True,
    )  # fmt: skip
    (found,) = claims.find([tea], "", "茶农说，龙井今年产量为80吨。")
    assert (found.value, found.relation, found.quoted) == (80.0, Relation.CONTRADICTS, "茶农")


@given(st.text(), st.text())
@settings(max_examples=60)
def test_offsets_slice_in_any_text(title: str, body: str) -> None:
    """A sentence, and the number in it, stand where they say, beyond the BMP too."""
    body = f"𠮷野家😀{body}。MiMo-V2-Flash总参数3090亿😀，激活150亿。{title}"
    fields = {"title": title, "body": body}
    found = claims.find(TOPIC.claims, title, body)
    for each in found:
        assert fields[each.field][each.start : each.start + len(each.sentence)] == each.sentence
        assert each.sentence[each.raw_start : each.raw_start + len(each.raw)] == each.raw


WORDS = st.sampled_from(
    [
        *"小米 MiMo-V2-Flash MiMo-V2-Pro 总参数 激活 3090亿 309B 15B 1T 2000亿元 $8.3 billion 研发 投入".split(),
        *"五年 AI 三年 2026年 设备 10.4亿台 速度 3倍 DeepSeek-V3.2 的 是 ， 。 （ ） 其中 而是 不是 parameters".split(),
        *"of and 千亿级 第二梯队 前二 代码 成本 1/20 年薪 千万".split(), " ", "\n",
    ]
)  # fmt: skip


@given(st.lists(WORDS, max_size=40))
@settings(max_examples=200)
def test_dense_text_is_read(words: list[str]) -> None:
    """Text that is nearly all claim words gives sound sightings: one claim a number, in order, offsets exact."""
    body = "".join(words)
    found = claims.find(TOPIC.claims, "", body)
    assert [each.start + each.raw_start for each in found] == sorted(each.start + each.raw_start for each in found)
    numbered = [(each.start + each.raw_start) for each in found if each.value is not None]
    assert len(numbered) == len(set(numbered))
    for each in found:
        assert body[each.start : each.start + len(each.sentence)] == each.sentence


@given(st.text())
def test_sentences_cover_a_text(text: str) -> None:
    """Sentences do not overlap, and leave out nothing but space and stray punctuation."""
    end = 0
    for start, stop in sentences(text):
        assert end <= start < stop
        assert not text[start].isspace()
        assert not any(char.isalnum() for char in text[end:start])
        end = stop
    assert not any(char.isalnum() for char in text[end:])


@given(st.text("总参数,，、 (（)）and3B", max_size=30), st.data())
def test_distances_are_symmetric(text: str, data: st.DataObject) -> None:
    """It is as far from here to there as back, and a place is no distance from itself."""
    ruler = Ruler(text)
    place = st.integers(0, len(text)).flatmap(lambda start: st.tuples(st.just(start), st.integers(start, len(text))))
    one, other = data.draw(place), data.draw(place)
    assert ruler.distance(one, other) == ruler.distance(other, one) or one[0] == other[0]
    assert ruler.distance(one, one) == 0


PARAMETERS = Claim(id="p", name="p", value=309e9, words=("参数",), fixed=True)
DEVICES = Claim(id="d", name="d", value=1.04e9, words=("设备",))


@given(st.integers(1, 9_999), st.integers(-3, 3))
def test_a_power_of_ten_contradicts(digits: int, power: int) -> None:
    """The same digits at another scale contradict a fixed claim, whatever they are; at its own they repeat it."""
    claim = Claim(id="p", name="p", value=digits * 1e9, words=("参数",), fixed=True)
    (number,) = numbers(f"{digits * 10 ** (power + 3)} million parameters")
    relation, _ = relate(claim, number, likeness(claim, number))
    assert relation == (Relation.REPEATS if number.value == claim.value else Relation.CONTRADICTS)


@pytest.mark.parametrize(
    ("claim", "text", "like"),
    [
        (PARAMETERS, "310B", "rounded"), (PARAMETERS, "300B", "rounded"), (PARAMETERS, "30.9B", "tenfold"),
        (PARAMETERS, "3.09T", "tenfold"), (PARAMETERS, "320B", "other"), (PARAMETERS, "300-320B", "rounded"),
        (PARAMETERS, "千亿参数", "magnitude"), (PARAMETERS, "万亿参数", "other"), (DEVICES, "10亿台", "rounded"),
        (DEVICES, "1.035 billion", "rounded"), (DEVICES, "9.89亿台", "other"), (DEVICES, "超10亿台", "rounded"),
        (DEVICES, "近11亿台", "rounded"),
    ],
)  # fmt: skip
def test_likeness(claim: Claim, text: str, like: str) -> None:
    """Fewer digits, a power of ten, a magnitude, a range, or another value."""
    (number,) = numbers(text)
    assert likeness(claim, number) == like
