"""Every bound on what hostile input may cost, with its unit in its name; docs/security.md prints the table.

A bound has a reason that was measured. What is a choice of houxu's own (a pause, a size of a batch) stands where it is
used.
"""


# The network

ANSWERS_AT_ONCE_BYTES = 48 * 1024 * 1024
"""Bytes of all answers coming in: 64 hosts that send 8 MiB each would be half a gigabyte."""

SMALL_ANSWER_BYTES = 1024 * 1024
"""Bytes of an answer that is never cut short for others' sake: of 842 news pages one in a hundred was larger."""

CONTENT_ENCODINGS = 2
"""Content-Encodings of one answer, one inside the other; a header line has room for three thousand."""

HEADER_BYTES = 64 * 1024
"""Of one answer: status lines, headers, interim answers. Servers refuse requests from 8 to 32 KiB of headers; 200 MB of
answer headers were read without this."""

CRAWL_DELAY_SECONDS = 30.0
"""Seconds of a robots.txt Crawl-delay we honour: with more, a host of 20 pages a day would never be finished."""

ROBOTS_BYTES = 512 * 1024
"""RFC 9309 asks for at least 500 KiB."""

ROBOTS_SECONDS = 10.0
"""For the whole file; a page has DOWNLOAD_TIMEOUT."""

ROBOTS_CACHE_CHARACTERS = 1024 * 1024
"""Characters of rules that a crawl holds parsed; the others are read from the corpus again. As many with stars and
dollars held 100 MB; 436 files of 100 plain rules, 26."""

ROBOTS_RULES = 5000
"""Rules of the groups that apply. As many plain ones took Protego 12 ms to read, 1.3 MB to hold and 0.4 ms to match
with a URL of 2,000 letters; with stars and dollars 85 ms, 7 MB and 20 ms."""

ROBOTS_RULE_CHARACTERS = 256 * 1024
"""Of those rules as they are kept, in the corpus too: one rule of 500 KB of stars held 6 MB."""

TDMREP_BYTES = 64 * 1024
"""Of a host's tdmrep.json."""

URL_CHARACTERS = 2048
"""Of a URL: a longer one is no lead, no canonical URL and is not asked."""


# One run

LEADS_PER_HOST_PER_RUN = 50
"""Leads of one host in one run: two minutes at its pace. A feed may name a thousand, and would hold a run up for forty;
the others wait for the next. A run that is to visit every lead has no such bound."""

MISSES_PER_HOST_PER_RUN = 5
"""Leads of one host in a row that gave nothing to read (no answer, an endless one, one of nothing but tags): the others
wait for the next run, for it is the host's fault and costs everybody time."""

FURTHER_PAGES_PER_ARTICLE = 9
"""Further pages of one article, at most: news that runs over more is a gallery."""

SITEMAP_FILES_PER_INDEX = 10
"""Sitemaps read below one index, newest first: 111 requests is what an endless index cost under a depth limit of 3."""

OWN_SPELLINGS_PER_LEAD = 4
"""Addresses under which a lead's own site shows it that are kept beside the first: a feed with a session in each link
shows a new one at each poll."""

OTHER_SPELLINGS_PER_LEAD = 8
"""Likewise by sources of other sites: each costs the host a request when the lead is dead."""

SPELLINGS_PER_OTHER_SOURCE = 2
"""Of these by one source: it cannot take the place of the others'."""

TRIES_PER_LEAD = 10
"""Visits without an answer before a lead is given up: with the gaps below, after 43 hours."""


# Lists: feeds, sitemaps, list pages, searches

ANSWER_BYTES = 8 * 1024 * 1024
"""An answer beyond it is refused, as a download would be. CC-NEWS's crawler stops at 5 MiB; sitemaps run larger."""

LEADS_PER_ANSWER = 1000
"""Of one answer. 250 is the most a search gives (GDELT), 1,000 what a news sitemap may hold by its protocol."""

LEAD_BODY_CHARACTERS = 512 * 1024
"""Characters. What is longer is cut, is left out."""

FEEDPARSER_CHARACTERS = 1024 * 1024
"""Characters that feedparser may be given: hostile text of this size costs it a second or two."""

NESTED_BASES = 4
"""Of `xml:base` from the root down to an entry; a feed and its entry have one each. Each is joined with all above it:
94 microseconds where that is as long as an address may be."""

LISTING_CHARACTERS = 2 * 1024 * 1024
"""BeautifulSoup over lxml takes 1.7 CPU-seconds a megabyte of the worst markup (a million empty paragraphs)."""

LISTING_ITEM_NODES = 500
"""Inside one item. More is no entry of a list but markup left open: 87,000 items inside each other took 239 s."""

LISTING_NODES = 100_000
"""Nodes inside all items, each as often as items hold it: of items inside each other 17 kB took 1.05 s, and take 0.32.
The largest of 120 real pages (the bench's) has 25,521, so that a list of theirs may lie four deep."""

SITEMAP_FILES_NAMED = 50
"""Sitemaps named by one index that are passed on. Publishers keep one a day or a month, for years."""


# A worker process, and what goes there

WORKER_CPU_SECONDS = 10
"""For one piece of work, 0.5 of them to start. The slowest of 400 news pages took 0.1 s; a page of 59,000 tags, or one
of 4 MiB of prose, takes 0.3."""

WORKER_WALL_SECONDS = 60.0
"""For a worker that neither works nor ends; above the seconds of CPU by what a busy machine may need."""

WORKER_MEMORY_BYTES = 256 * 1024 * 1024
"""Bytes of private memory, 120 MB of them for what is loaded. 60,000 tags take 50 MB, a sitemap of 8 MiB 90."""

WORKER_QUEUE_BYTES = 32 * 1024 * 1024
"""Bytes of pages that wait for the worker; what would exceed it is put off."""

LARGE_PAGE_BYTES = 2 * 1024 * 1024
"""A page beyond is prepared in the worker process: the largest of 400 news pages has 1.3 MB."""

LARGE_ANSWER_BYTES = 512 * 1024
"""A source's answer beyond is read in the worker process: feedparser takes 2 seconds for a megabyte."""

LARGE_PAGE_TAGS = 20_000
"""A text beyond is worked on apart: the largest of 400 news pages have 1.3 MB and 15,397 tags. A source's answer may
hold feedparser up, which takes 2 seconds for a megabyte."""

PAGE_TAGS = 60_000
"""Of a page that is read at all: four times the most of 400 news pages."""

PAGE_BYTES = 4 * 1024 * 1024
"""Bytes of a page that are read; one of 842 news pages had more."""


# A page

PARSED_BYTES = 8 * 1024 * 1024
"""Pages above this are cut before the parse; the largest of 842 news pages measured was 5.1 MB."""

DECLARED_CHARACTERS = 2048
"""Characters of what a page declares, and of what names an element or heads a text, that are read."""

TAG_ATTRIBUTES = 500
"""Above which a tag is read without its attributes: 60,000 took 10 seconds; the most of 845 news pages is 59."""

TREE_WORK = 4_000_000
"""Elements times the depth they stand at, above which the rest of a page is not read: a second or two. The busiest of
845 news pages has 138,000."""

DECLARED_FACTS = 500
"""Facts of one field that are kept."""

MARKED_ELEMENTS = 50
"""Elements of one itemprop that are read: each may hold all the others, and the page's text."""

SCRIPT_CHARACTERS = 3_000_000
"""Of one script that is searched for the article's state."""

CLASS_NAME_CHARACTERS = 300
"""Characters of a name that are read, since what names say is kept: the longest of 845 news pages has 1,332, and in
none of them do those beyond say more."""

RIGHTS_VALUE_BYTES = 2000
"""Bytes of an attribute's value that are read."""

HEADINGS = 50
"""Headings, and declared titles, that are compared with each other: a page has one or two of both."""

PAGES_PER_ARTICLE = 50
"""Pages of one article: what counts further is an archive."""

DATE_CHARACTERS = 80
"""Characters. The longest date seen, JavaScript's toString with a zone in words, has 62."""


# What is stored

TITLE_CHARACTERS = 500
"""Of a title that is stored."""

QUOTATION_CHARACTERS = 2000
"""Of what a source carried of another site's page: kept with the sighting as that source's word, and never pruned."""

NAME_CHARACTERS = 200
"""Of an author, an outlet, a credited source that is stored."""

REASON_CHARACTERS = 300
"""Of an error or a visit's reason that is stored."""

VALIDATOR_CHARACTERS = 1024
"""Of an ETag or Last-Modified that is sent back."""

BODY_CHARACTERS = 200_000
"""Characters: more than any article in 1,100 bench pages."""

AUTHORS_PER_ARTICLE = 20
"""Authors of one article that are stored."""

PLACES_PER_TERM = 100
"""Of one term in one field that are kept: a hostile text may say AI a hundred thousand times."""

TERM_PLACES = 1000
"""Of all terms that are kept, but for the first of each: one that said every term wrote 562 kB at each visit."""

LETTERS_PER_CHARACTER = 6
"""Letters that one character may stand for, as U+3316 does; U+FDFA has 15, and 10,000 of it took 1.9 MB."""

MARKS_PER_LETTER = 30
"""Combining marks on one letter: UAX #15, Stream-Safe Text Format. No language has half as many."""

INDEXED_CHARACTERS = 50_000
"""Of a text, title first, that are indexed; the longest of the bench's 341 articles has 39,406. Six grams begin at each
character and FTS5 holds all of a row at once: of 199,000 Han characters at random the index took 4.8 s and 319 MB, of
the first 50,000 it takes 0.8 s and 83 MB."""


# Comparing and judging texts

QUERY_GRAMS = 48
"""Grams asked of the index per alternative: a pasted article would else nest deeper than FTS5 allows (256)."""

SKETCH_FINGERPRINTS = 200
"""Fingerprints of a long text: beyond 1,600 characters a share of four is beyond doubt."""

COMPARED_CHARACTERS = 100_000
"""Characters of a text that are read: a hostile page of megabytes must not fill the memory."""

CANDIDATE_CHARACTERS = 640_000
"""Characters of all candidates that are read: 64 of 10,000. 64 of `COMPARED_CHARACTERS` took 5.4 s of CPU,
and take 0.6."""

CANDIDATES = 64
"""Candidates that are verified, at most, and holders of one fingerprint that are looked at, the newest."""

WORD_LETTERS = 64
"""Letters of a word: of 917,000 in 4,345 real texts five are longer, names of files and numbers run together. Words are
remembered, and stored with their text."""

BOILERPLATE_LINE_CHARACTERS = 400
"""Characters of a line that may be nothing but furniture, ten times `LONG`: six patterns go through it, and one
character may stand for 18."""

HEADLINE_LINES = 100
"""Lines below the prose above which nothing is taken for a list of headlines: each is compared with each."""

BROKEN_TERMS = 1000
"""of broken terms that are read on, in up to half a second; 845 news pages have 374 at most"""


# Archives and other people's corpora

RECORD_BYTES = 8 * 1024 * 1024
"""As DOWNLOAD_MAXSIZE: a larger record is left out, and counted."""

SHARD_URL_CHARACTERS = 9 * URL_CHARACTERS
"""Characters of what has no limit of its own: a URL of Chinese characters is nine times as long when escaped."""

SHARD_ROBOTS_CHARACTERS = 512 * 1024
"""Characters of a host's robots.txt or tdmrep.json: the larger of the limits of their middlewares, which also let no
Crawl-delay be more than 30 s."""

SHARD_PAGE_BYTES = 32 * 1024 * 1024
"""Bytes of a page when unpacked: four times DOWNLOAD_MAXSIZE, which a person may raise."""

SHARD_JSON_CHARACTERS = 10_000_000
"""Of a JSON value that a shard may hold."""

SQL_VALUE_BYTES = 4 * 1024 * 1024
"""Bytes of one value or row that a person's SQL makes. A text has 800,000 at most; without a bound
`hex(zeroblob(400000000))` took what memory there was."""

EDITS_PER_PAGE = 20
"""Edits of an article that its page shows, the newest; the view `edits` has the others."""
