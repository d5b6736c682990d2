"""The values that travel along the path, in the order of its sentence.

A source is polled for leads; a lead is visited and gives a page; a page is extracted into an article; the article gets
a verdict, a match, a story; and is appended to the corpus.

All are frozen. Every datetime is aware; `stamp` and `instant` are the only two ways in and out of text.
"""

from crawler.model.claim import Candidate, Claim, ClaimSighting, Relation
from crawler.model.page import Article, Ending, Held, Hit, Match, MatchKind, Page, Place, Verdict, Visit
from crawler.model.poll import Answer, Check, Lead, NextCheck, Poll, Signals, SourceState
from crawler.model.time import instant, stamp
from crawler.model.topic import ADAPTERS, KINDS, Kind, Relevance, SiteRule, Source, Term, Topic

__all__ = [
    "ADAPTERS",
    "KINDS",
    "Answer",
    "Article",
    "Candidate",
    "Check",
    "Claim",
    "ClaimSighting",
    "Ending",
    "Held",
    "Hit",
    "Kind",
    "Lead",
    "Match",
    "MatchKind",
    "NextCheck",
    "Page",
    "Place",
    "Poll",
    "Relation",
    "Relevance",
    "Signals",
    "SiteRule",
    "Source",
    "SourceState",
    "Term",
    "Topic",
    "Verdict",
    "Visit",
    "instant",
    "stamp",
]
