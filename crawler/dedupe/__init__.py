"""Is a page one we hold? Canonical URLs, sketches of texts, matches with their evidence, the reprint tree."""

from crawler.dedupe.match import match
from crawler.dedupe.reprint_tree import Edge, Node, plant
from crawler.dedupe.sketch import bare_sha256, sketch, sketch_version
from crawler.text.urls import canonical_of, canonical_url, host_of, site

__all__ = [
    "Edge",
    "Node",
    "bare_sha256",
    "canonical_of",
    "canonical_url",
    "host_of",
    "match",
    "plant",
    "site",
    "sketch",
    "sketch_version",
]
