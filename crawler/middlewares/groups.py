"""Which groups of a robots.txt are ours (RFC 9309, 2.2.1), before Protego reads their rules.

Protego 0.7 takes any beginning of our name for it: `User-agent: hou` was ours, `User-agent: houxu/0.1` nobody's. And
it keeps the rules of every group: 60,000 held 25 MB. Here the product tokens are compared as the RFC has it, and
only the groups that apply are handed on. Pure.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from crawler.limits import ROBOTS_RULE_CHARACTERS, ROBOTS_RULES

_LINE = re.compile(
    r"(?P<field>user[\s-]?agent|allow|dis{1,2}al{1,2}ow|diasllow|disallaw"
    r"|crawl[\s-]delay|request[\s-]rate|visit[\s-]time)(?:\s*:|\s|$)\s*(?P<value>.*)",
    re.IGNORECASE,
)
"""The lines that make a group, as generously spelled as Protego reads them; every other line is passed over."""

_NAMES = {"a": "Allow", "d": "Disallow", "c": "Crawl-delay"}
"""First letter of a field -> the name it is handed on by; the others are not for us."""

_TOKEN = re.compile(r"\**([a-z_-]*)")

_BREAKS = re.compile("[\v\f\x1c-\x1e\x85\u2028\u2029]")
"""What Python takes for the end of a line, and the RFC does not."""


def groups_for(agent: str, text: str) -> str | None:
    """Return the rules of a robots.txt that apply to a crawler, as one group.

    All groups that name it are combined; where none does, those of `*` are. A Sitemap or an unknown line ends nothing;
    a Crawl-delay, which we honour, is a rule: a user-agent line after it begins another group.

    Args:
        agent: our product token, in lower case.
        text: the whole file.

    Returns:
        A robots.txt with that group alone, empty where none applies; None where it has more than `ROBOTS_RULES` rules
        or `ROBOTS_RULE_CHARACTERS` characters.
    """
    rules: dict[str, list[str]] = {}  # of our token and `*` alone
    tokens: set[str] = set()  # of the group being read
    naming = False  # whether its user-agent lines are still being read
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        found = _LINE.fullmatch(line.partition("#")[0].strip())
        if found is None:
            continue
        kind, value = found["field"][0].lower(), found["value"]
        if kind == "u":
            tokens = tokens if naming else set()
            naming = True
            if (token := _token(value)) in (agent, "*"):
                tokens.add(token)
                rules.setdefault(token, [])
            continue
        naming = False
        if value and kind in _NAMES:
            for token in tokens:
                rules[token].append(f"{_NAMES[kind]}: {value}")
    return _one_group(agent if agent in rules else "*", rules)


def _token(value: str) -> str:
    """Return the product token of a user-agent line: what stands before a version, a comment, or the rest of a UA."""
    found = _TOKEN.match(value.lower())
    return (found and found[1]) or value[:1]


def _one_group(token: str, rules: dict[str, list[str]]) -> str | None:
    if token not in rules:
        return ""
    lines = rules[token]
    if len(lines) > ROBOTS_RULES:
        return None
    text = "".join(f"{_BREAKS.sub(_escaped, line)}\n" for line in (f"User-agent: {token}", *lines))
    return text if len(text) <= ROBOTS_RULE_CHARACTERS else None


def _escaped(found: re.Match[str]) -> str:
    return quote(found[0])
