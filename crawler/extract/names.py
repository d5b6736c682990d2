"""What a class or an id says of an element: furniture, or the article's own container.

Names are read as words (`relatedNews`, `related-news` and `related_news` are one), and are only ever a hint: body.py
weighs it against where the text of the page is.
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache


class Hint(IntEnum):
    """What the name of an element says, from the article's container to what is surely not the article."""

    BODY = -1
    NOTHING = 0
    WEAK = 1
    STRONG = 2


_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")

STRONG = frozenset(
    """comment comments cmt disqus reply replies related relate recommend recommended recommendation recommendations
    recirc recirculation footer cookie cookies consent gdpr onetrust didomi newsletter newsletters sidebar copyright
    outbrain taboola rank ranking hotnews trending popular mostread""".split()
)
WEAK = frozenset(
    """respond share sharing sharebar social side foot nav navbar navigation menu privacy bread breadcrumb breadcrumbs
    crumb crumbs disclaimer statement advert advertisement adverts ad ads adbox adsbygoogle sponsor sponsored promo
    promotion subscribe subscription signup popup print modal login tag tags taglist keywords qrcode erweima ewm pagination
    pager pagebar toolbar tools widget byline author authors authorbox authorbio caption figcaption credit
    credits meta hot more readmore latest teaser teasers skip hidden hide tooltip rating vote
    votes like likes report jubao zan dianzan follow feedback survey poll paywall player gallery slideshow infobox
    contact correction bottombar topbar masthead banner weibo weixin wechat shengming tos bio biography dateline timestamp pubdate pubtime inscription upsell promobox teaserbox""".split()
)
_FURNITURE = (STRONG | WEAK) - frozenset(
    "ad ads like likes hot more meta side foot tags tag tools vote rank follow report skip rating share social author authors next media".split()
)
_WHOLE = frozenset(
    """artibody articlebody endtext jscontent richmediacontent trseditor mainarticle articlecontent entrycontent
    postcontent storybody newstext newscontent articletext postbody contentbody maintext bodytext""".split()
)
_FLAG = 3
"""Words in one token from which it is a switch (filterNonGdprEmbeds), not the name of a thing."""

_ABOUT = frozenset("has have with without no not is js disable enable toggle with".split())
"""First words of a class that says what an element has, not what it is: has-sidebar, no-comments."""
_WHAT = frozenset("article art entry post story news content blog detail text".split())
_PART = frozenset("body content text txt con editor detail entry main context".split())


@lru_cache(maxsize=50_000)
def hint(name: str) -> Hint:
    """Return what a class attribute, an id, or both joined by a space, say of their element."""
    best = Hint.NOTHING
    for token in name.split():
        words = [word.lower() for word in _WORD.findall(token)]
        if words and words[0] in _ABOUT:
            continue
        joined = "".join(words)
        if joined in _WHOLE or (len(words) == 2 and words[0] in _WHAT and words[1] in _PART):
            return Hint.BODY
        ends = {joined, words[0], words[-1]} if words else set()
        if not STRONG.isdisjoint(ends):
            best = Hint.STRONG
        elif best is Hint.NOTHING and not (
            WEAK.isdisjoint(ends) and (len(words) > _FLAG or _FURNITURE.isdisjoint(words))
        ):
            best = Hint.WEAK
    return best


@lru_cache(maxsize=10_000)
def is_paywall(name: str) -> bool:
    """Return whether a class attribute names a wall before the rest of a text."""
    return any(word.lower() in {"paywall", "paid"} for token in name.split() for word in _WORD.findall(token))
