"""Is a page one we hold? Canonical URLs, sketches of texts, matches with their evidence, the reprint tree."""

from crawler.dedupe.match import match
from crawler.dedupe.reprint_tree import Edge, Node, plant
from crawler.dedupe.sketch import bare_sha256, sketch, sketch_version
from crawler.text.authority import article_url
from crawler.text.urls import canonical_url, host_of, served_url, site

__all__ = [
    "Edge",
    "Node",
    "article_url",
    "bare_sha256",
    "canonical_url",
    "host_of",
    "match",
    "plant",
    "served_url",
    "site",
    "sketch",
    "sketch_version",
]
