"""Article -> story: which articles are about one event.

A story is a set of independent texts (copies follow their root) that are alike in their rare terms and near in time.
Two texts in one script are compared by the cosine of their tf-idf vectors, with idf from the corpus itself; a Chinese
and an English text by the terms that survive translation: names in Latin letters, names the topic knows in several
spellings, and numbers with units. Two groups of texts merge while the mean over their pairs, faded by the silence
between them, stays above `JOIN` (average-link agglomeration). The result depends on the texts alone, not on the order
in which they came.
"""

from crawler.stories.joining import REACH, Item, settle
from crawler.stories.terms import bridging, features, idf, names, word

__all__ = ["REACH", "Item", "bridging", "features", "idf", "names", "settle", "word"]
