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

_STRONG = frozenset(
    """cmt comment comments consent cookie cookies copyright didomi disqus footer gdpr hotnews mostread newsletter
    newsletters onetrust outbrain popular rank ranking recirc recirculation recommend recommendation recommendations
    recommended relate related replies reply sidebar taboola trending""".split()
)
_WEAK_ANYWHERE = frozenset(
    """adbox adsbygoogle advert advertisement adverts authorbio authorbox banner bio biography bottombar bread
    breadcrumb breadcrumbs byline caption contact correction credit credits crumb crumbs dateline dianzan disclaimer
    erweima ewm feedback figcaption foot gallery hidden hide infobox inscription jubao keywords latest login
    masthead menu modal nav navbar navigation pagebar pager pagination paywall player poll popup print privacy promo
    promobox promotion pubdate pubtime qrcode readmore respond sharebar sharing shengming signup slideshow sponsor
    sponsored statement subscribe subscription survey taglist teaser teaserbox teasers timestamp toolbar tooltip
    topbar tos upsell votes weibo weixin wechat widget zan""".split()
)
_WEAK_ENDS = frozenset(
    """ad ads author authors follow hot like likes meta more rating report share side skip social tag tags tools
    vote""".split()
)
"""Words that say something only where a name begins or ends with them: `report-box`, not `annual-report-text`."""

_ANYWHERE = (_STRONG | _WEAK_ANYWHERE) - {"foot"}
_WEAK = _WEAK_ANYWHERE | _WEAK_ENDS

_SWITCH = frozenset("disable enable has have is js no not toggle with without".split())
"""First words of a class that says what an element has, not what it is: has-sidebar, no-comments."""

_LONG = 3
"""Words in one name above which only its ends count: filterNonGdprEmbeds is a switch too."""

_WHOLE = frozenset(
    """artibody articlebody articlecontent articletext bodytext contentbody endtext entrycontent jscontent mainarticle
    maintext newscontent newstext postbody postcontent richmediacontent storybody trseditor""".split()
)
_WHAT = frozenset("art article blog content detail entry news post story text".split())
_PART = frozenset("body con content context detail editor entry main text txt".split())


@lru_cache(maxsize=50_000)
def hint(name: str) -> Hint:
    """Return what a class attribute, an id, or both joined by a space, say of their element."""
    best = Hint.NOTHING
    for token in name.split():
        words = [word.lower() for word in _WORD.findall(token)]
        if not words or words[0] in _SWITCH:
            continue
        joined = "".join(words)
        if joined in _WHOLE or (words[0] in _WHAT and words[1:] and words[1] in _PART and not words[2:]):
            return Hint.BODY
        ends = {joined, words[0], words[-1]}
        inside = words if len(words) <= _LONG else ends
        if not _STRONG.isdisjoint(ends):
            best = Hint.STRONG
        elif best is Hint.NOTHING and not (_WEAK.isdisjoint(ends) and _ANYWHERE.isdisjoint(inside)):
            best = Hint.WEAK
    return best


@lru_cache(maxsize=10_000)
def is_paywall(name: str) -> bool:
    """Return whether a class attribute names a wall before the rest of a text."""
    return any(word.lower() == "paywall" for token in name.split() for word in _WORD.findall(token))
