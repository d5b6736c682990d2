-- The corpus as it is today: a new file is made by this, an older one by migrations/. Times are UTC, YYYY-MM-DDTHH:MM:SSZ; JSON is UTF-8 text.
-- Append-only, held by the triggers at the end: revisions visits polls verdicts sightings.
-- Derived, can be rebuilt: stories matches lookalikes sketches vectors terms unsettled mentions articles_fts,
-- and the columns story_id root_id parent_id depth of articles. State: meta sources hosts leads runs.

CREATE TABLE meta (
  key   TEXT PRIMARY KEY,  -- topic_id, seed, gram_version, sketch_version, fold_version, cadence
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sources (
  id            TEXT PRIMARY KEY,
  kind          TEXT NOT NULL,
  url           TEXT NOT NULL,              -- moves with a lasting redirect
  topic_url     TEXT NOT NULL,              -- as the topic file says; a new one there starts afresh
  outlet        TEXT NOT NULL,
  lang          TEXT NOT NULL,
  timezone      TEXT NOT NULL,
  host          TEXT NOT NULL,
  enabled       INTEGER NOT NULL,           -- 0: not in the topic file, disabled there, or gone
  next_check_at TEXT,
  checked_at    TEXT,                       -- the last answer of any kind
  ok_at         TEXT,                       -- the last answer that was a list of leads, or 304
  full_at       TEXT,                       -- the last unconditional one
  etag          TEXT,
  last_modified TEXT,
  body_sha256   TEXT,
  errors        INTEGER NOT NULL DEFAULT 0, -- in a row
  moved_to      TEXT,
  moved_times   INTEGER NOT NULL DEFAULT 0,
  gone_times    INTEGER NOT NULL DEFAULT 0,
  gone_since    TEXT,
  rates         TEXT NOT NULL DEFAULT '{}', -- JSON: what the cadence has learned
  health        TEXT NOT NULL DEFAULT 'new',
  health_since  TEXT,
  health_why    TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE hosts (
  host            TEXT PRIMARY KEY,
  last_request_at TEXT,
  retry_at        TEXT,                     -- not before: Retry-After, or our back-off
  crawl_delay     REAL,                     -- seconds, from robots.txt, capped
  robots          TEXT,                     -- robots.txt as last had
  robots_status   INTEGER,                  -- HTTP; NULL when no answer came
  robots_at       TEXT,
  requests_today  INTEGER NOT NULL DEFAULT 0,
  today           TEXT,
  tdmrep          TEXT,                     -- tdmrep.json as last fetched: what it reserves of text and data mining
  tdmrep_at       TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
  id         INTEGER PRIMARY KEY,
  started_at TEXT NOT NULL,
  ended_at   TEXT,                          -- NULL while it runs, or for ever if it was killed
  by         TEXT NOT NULL,                 -- cron daemon person
  ending     TEXT,                          -- done stopped network failed killed
  note       TEXT,
  sources    INTEGER NOT NULL DEFAULT 0,    -- polled
  leads      INTEGER NOT NULL DEFAULT 0,    -- new
  visits     INTEGER NOT NULL DEFAULT 0,
  pages      INTEGER NOT NULL DEFAULT 0,    -- fetched
  articles   INTEGER NOT NULL DEFAULT 0,    -- stored
  verdicts   INTEGER NOT NULL DEFAULT 0,
  matches    INTEGER NOT NULL DEFAULT 0,
  stories    INTEGER NOT NULL DEFAULT 0,    -- new
  kind       TEXT NOT NULL DEFAULT 'crawl' CHECK (kind IN ('crawl','replay','rescan','merge','backfill'))
                                            -- the command it is of
) STRICT;

CREATE TABLE polls (
  id        INTEGER PRIMARY KEY,
  run_id    INTEGER NOT NULL REFERENCES runs (id),
  source_id TEXT NOT NULL REFERENCES sources (id),
  at        TEXT NOT NULL,
  status    INTEGER,                        -- HTTP; NULL when no answer came
  items     INTEGER NOT NULL DEFAULT 0,
  new_items INTEGER NOT NULL DEFAULT 0,
  bytes     INTEGER NOT NULL DEFAULT 0,
  ms        INTEGER NOT NULL DEFAULT 0,
  error     TEXT
) STRICT;
CREATE INDEX polls_by_source ON polls (source_id, at);
CREATE INDEX polls_with_news ON polls (source_id, at) WHERE new_items > 0;

CREATE TABLE leads (
  id            INTEGER PRIMARY KEY,
  url           TEXT NOT NULL UNIQUE,       -- canonical
  fetch_url     TEXT NOT NULL,              -- as the source wrote it
  host          TEXT NOT NULL,
  source_id     TEXT NOT NULL REFERENCES sources (id),  -- the first to show it
  title         TEXT,
  outlet        TEXT,
  published_at  TEXT,
  published_raw TEXT,
  body          TEXT,                       -- HTML the source carried, until the visit ends
  found_at      TEXT NOT NULL,
  next_visit_at TEXT,                       -- NULL: nothing more to do
  etag          TEXT,
  last_modified TEXT,
  tries         INTEGER NOT NULL DEFAULT 0, -- without an answer, in a row
  rung          INTEGER NOT NULL DEFAULT 0, -- visits again so far, on the ladder of crawler/sources/revisits.py
  ending        TEXT,                       -- of its last visit
  article_id    INTEGER REFERENCES articles (id),
  said_by       TEXT,                       -- host that said title, outlet, published_at and body; '': not known
  pairings      TEXT NOT NULL DEFAULT '[]', -- JSON: hosts it speaks for besides its own site
  fetch_own     INTEGER NOT NULL DEFAULT 0, -- 1: a source of the lead's own site wrote fetch_url so
  origin        TEXT                        -- the corpus whose merge brought its words: they fill no page fetched here
) STRICT;
CREATE INDEX leads_due ON leads (host, next_visit_at) WHERE next_visit_at IS NOT NULL;
CREATE INDEX leads_by_source ON leads (source_id);
CREATE INDEX leads_by_article ON leads (article_id) WHERE article_id IS NOT NULL;
CREATE INDEX leads_new ON leads (host, id) WHERE next_visit_at IS NOT NULL AND rung = 0;

CREATE TABLE sightings (
  lead_id       INTEGER NOT NULL REFERENCES leads (id),
  source_id     TEXT NOT NULL REFERENCES sources (id),
  url           TEXT NOT NULL,              -- as this source wrote it
  title         TEXT,
  published_raw TEXT,
  seen_at       TEXT NOT NULL,
  own           INTEGER NOT NULL DEFAULT 0, -- 1: the source speaks for the lead's site
  outlet        TEXT,                       -- as this source said
  published_at  TEXT,                       -- likewise
  body          TEXT,                       -- likewise, its beginning, where the source is another site's
  PRIMARY KEY (lead_id, source_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE spellings (
  lead_id   INTEGER NOT NULL REFERENCES leads (id),
  url       TEXT NOT NULL,                  -- as a source wrote it, other than leads.fetch_url
  source_id TEXT NOT NULL REFERENCES sources (id),
  own       INTEGER NOT NULL,               -- 1: the source speaks for the lead's site
  tried     INTEGER NOT NULL,               -- 1: asked, and gave no article
  PRIMARY KEY (lead_id, url)
) STRICT, WITHOUT ROWID;

CREATE TABLE visits (
  id          INTEGER PRIMARY KEY,
  run_id      INTEGER NOT NULL REFERENCES runs (id),
  lead_id     INTEGER REFERENCES leads (id),     -- NULL for a replayed page that no source showed
  url         TEXT NOT NULL,                -- final
  at          TEXT NOT NULL,
  status      INTEGER,
  ending      TEXT NOT NULL CHECK (ending IN ('stored','duplicate','unchanged','revised','off_topic',
                                              'paywalled','blocked','gone','unreadable','deferred')),
  reason      TEXT NOT NULL,
  article_id  INTEGER REFERENCES articles (id),
  page_sha256 TEXT,                         -- key into the pages file
  ms          INTEGER NOT NULL DEFAULT 0,
  origin      TEXT                          -- the archive or corpus it came from; NULL: fetched here
) STRICT;
CREATE INDEX visits_by_lead ON visits (lead_id);
CREATE INDEX visits_by_url ON visits (url);
CREATE INDEX visits_by_run ON visits (run_id);
CREATE INDEX visits_by_page ON visits (page_sha256) WHERE page_sha256 IS NOT NULL;
CREATE INDEX visits_by_article ON visits (article_id) WHERE article_id IS NOT NULL;

CREATE TABLE verdicts (
  id           INTEGER PRIMARY KEY,
  visit_id     INTEGER REFERENCES visits (id),   -- NULL when judged again by rescan
  article_id   INTEGER REFERENCES articles (id), -- NULL while off topic
  url          TEXT NOT NULL,
  page_sha256  TEXT,
  at           TEXT NOT NULL,
  topic_digest TEXT NOT NULL,
  relevant     INTEGER NOT NULL,
  score        REAL NOT NULL,
  rule         TEXT NOT NULL,
  terms        TEXT NOT NULL                -- JSON: [{term, role, field, start, end}]
) STRICT;
CREATE INDEX verdicts_by_article ON verdicts (article_id, id) WHERE article_id IS NOT NULL;
CREATE INDEX verdicts_by_url ON verdicts (url);
CREATE INDEX verdicts_by_visit ON verdicts (visit_id) WHERE visit_id IS NOT NULL;

CREATE TABLE articles (
  id            INTEGER PRIMARY KEY,
  url           TEXT NOT NULL UNIQUE,       -- canonical
  outlet        TEXT,
  lang          TEXT,
  story_id      INTEGER,
  root_id       INTEGER REFERENCES articles (id),
  parent_id     INTEGER REFERENCES articles (id),
  depth         INTEGER NOT NULL DEFAULT 0,
  first_seen_at TEXT NOT NULL,
  published_at  TEXT,                       -- of its first revision, a day without a time as its last second:
                                            -- decides who was first
  latest_id     INTEGER REFERENCES revisions (id),
  relevant      INTEGER NOT NULL,           -- its latest verdict
  dated_by      TEXT,                       -- page, or source: who said published_at
  doubtful      TEXT                        -- body, published_at or both: what a source of another site may have filled
                                            -- under an earlier houxu; it is visited again
) STRICT;
CREATE INDEX articles_by_story ON articles (story_id);
CREATE INDEX articles_by_root ON articles (root_id);
CREATE INDEX articles_by_time ON articles (coalesce(published_at, first_seen_at));
CREATE INDEX articles_by_parent ON articles (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX articles_by_latest ON articles (latest_id);

CREATE TABLE revisions (
  id              INTEGER PRIMARY KEY,
  article_id      INTEGER NOT NULL REFERENCES articles (id),
  rev             INTEGER NOT NULL,         -- 1, 2, ... in order of arrival
  seen_at         TEXT NOT NULL,
  title           TEXT NOT NULL,
  body            TEXT NOT NULL,
  authors         TEXT NOT NULL,            -- JSON array
  credited_source TEXT,                     -- 来源, as the page says
  published_at    TEXT,
  published_raw   TEXT,                     -- what the page said, verbatim
  published_tz    TEXT,
  modified_at     TEXT,
  lang            TEXT,
  image           TEXT,
  evidence        TEXT NOT NULL,            -- JSON: field -> where it was found
  sha256          TEXT NOT NULL,            -- of title and body, as stored
  bare_sha256     TEXT NOT NULL,            -- of the folded body: equal for exact copies
  page_url        TEXT,                     -- where it was fetched: articles.url is a key and may not open
  page_sha256     TEXT,
  removed         TEXT,                     -- words that the revision before had
  added           TEXT,                     -- words that it had not
  origin          TEXT,                     -- the archive or corpus it came from; NULL: fetched here
  UNIQUE (article_id, rev)
) STRICT;
CREATE INDEX revisions_by_bare ON revisions (bare_sha256);

-- Contentless: rowid = revisions.id of each article's latest text, its fingerprints in hexadecimal (copies.py). FTS5 is
-- the log-structured tree that SQLite has: fingerprints are random, and as rows (hash, revision_id) WITHOUT ROWID each
-- of the 53 of a text dirties a page of its own. At 100,000 texts one insert costs 7 times that of 27 integer rows
-- (17 as rows), p95 of a query 16 times their lookup (3 as rows), 457 bytes a text (740); at 1,000,000 5 and 14 times
-- and 414 bytes. tests/bench/dedupe.py measures both.
CREATE VIRTUAL TABLE sketches USING fts5(hashes, content='', detail=none, tokenize='ascii');
INSERT INTO sketches (sketches, rank) VALUES ('automerge', 2);  -- fewer segments to look into
INSERT INTO sketches (sketches, rank) VALUES ('pgsz', 1000);    -- likewise (migrations/m005_settle_alone.sql)

CREATE TABLE matches (
  revision_id    INTEGER NOT NULL REFERENCES revisions (id),
  to_revision_id INTEGER NOT NULL REFERENCES revisions (id),
  article_id     INTEGER NOT NULL REFERENCES articles (id),
  to_article_id  INTEGER NOT NULL REFERENCES articles (id),
  kind           TEXT NOT NULL CHECK (kind IN ('exact','reprint','truncated','rewrite','contains')),
  score          REAL NOT NULL,
  method         TEXT NOT NULL,
  features       TEXT NOT NULL,             -- JSON
  PRIMARY KEY (revision_id, to_revision_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX matches_by_article ON matches (article_id);
CREATE INDEX matches_by_target ON matches (to_article_id);
CREATE INDEX matches_by_to_revision ON matches (to_revision_id);

CREATE TABLE lookalikes (
  revision_id    INTEGER NOT NULL REFERENCES revisions (id),
  to_revision_id INTEGER NOT NULL REFERENCES revisions (id),
  article_id     INTEGER NOT NULL REFERENCES articles (id),
  to_article_id  INTEGER NOT NULL REFERENCES articles (id),
  score          REAL NOT NULL,
  method         TEXT NOT NULL,
  features       TEXT NOT NULL,
  PRIMARY KEY (revision_id, to_revision_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX lookalikes_by_to_revision ON lookalikes (to_revision_id);
CREATE INDEX lookalikes_by_article ON lookalikes (article_id);
CREATE INDEX lookalikes_by_to_article ON lookalikes (to_article_id);

CREATE TABLE stories (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice: a story that merged away stays away
  headline TEXT NOT NULL,                   -- its root's
  root_id  INTEGER NOT NULL REFERENCES articles (id),  -- its earliest root
  first_at TEXT NOT NULL,
  last_at  TEXT NOT NULL,
  articles INTEGER NOT NULL,
  outlets  INTEGER NOT NULL,
  voices   INTEGER NOT NULL                 -- independent texts: copies count once
) STRICT;
CREATE INDEX stories_by_time ON stories (last_at);
CREATE INDEX stories_by_root ON stories (root_id);

CREATE TABLE vectors (
  article_id INTEGER PRIMARY KEY REFERENCES articles (id),  -- a root
  at         TEXT NOT NULL,                 -- published, or else first seen
  terms      TEXT NOT NULL                  -- JSON: term -> weight, of its latest text
) STRICT;
CREATE INDEX vectors_by_time ON vectors (at);

CREATE TABLE terms (
  term     TEXT PRIMARY KEY,
  articles INTEGER NOT NULL                 -- how many vectors hold it
) STRICT, WITHOUT ROWID;

CREATE TABLE unsettled (
  article_id INTEGER PRIMARY KEY REFERENCES articles (id)  -- changed since stories were last settled
) STRICT;

CREATE TABLE mentions (
  term        TEXT NOT NULL,
  revision_id INTEGER NOT NULL REFERENCES revisions (id),
  field       TEXT NOT NULL,
  start       INTEGER NOT NULL,             -- offset in characters, from 0
  PRIMARY KEY (term, revision_id, field, start)
) STRICT, WITHOUT ROWID;
CREATE INDEX mentions_by_revision ON mentions (revision_id);

CREATE TABLE tombstones (
  what TEXT PRIMARY KEY,                    -- sha256 of a canonical URL, or of a host
  at   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Contentless: rowid = articles.id, the grams of the latest text (crawler/corpus/fulltext.py).
CREATE VIRTUAL TABLE articles_fts USING fts5(
  grams, content='', detail=none, tokenize="unicode61 remove_diacritics 2 tokenchars '-._+/,'"
);
-- Eight segments of a size are merged at once, in pages that fill one of SQLite's, when the writer asks for it.
INSERT INTO articles_fts (articles_fts, rank) VALUES ('automerge', 0);
INSERT INTO articles_fts (articles_fts, rank) VALUES ('usermerge', 8);
INSERT INTO articles_fts (articles_fts, rank) VALUES ('crisismerge', 400);
INSERT INTO articles_fts (articles_fts, rank) VALUES ('pgsz', 4000);

-- What became of what was said: the claims of the topic file, and every sentence of a text that states one of them.
-- Both are derived (from the topic file, from `revisions`) and made anew when the claims change: `houxu rescan`.

CREATE TABLE claims (
  id       TEXT PRIMARY KEY,
  place    INTEGER NOT NULL,                -- its order in the topic file
  name     TEXT NOT NULL,                   -- the claim in a few words
  value    REAL,                            -- as the seed has it; NULL where the claim is no number
  unit     TEXT,                            -- as in claim_sightings
  high     REAL,                            -- the upper end, where the seed says a range
  baseline TEXT,                            -- what a multiple or a part is of: 3x of DeepSeek-V3.2
  scope    TEXT,                            -- what the number covers, in words
  said_on  TEXT                             -- the day of the claim
) STRICT, WITHOUT ROWID;

CREATE TABLE claim_sightings (
  id          INTEGER PRIMARY KEY,
  claim_id    TEXT NOT NULL REFERENCES claims (id),
  revision_id INTEGER NOT NULL REFERENCES revisions (id),
  field       TEXT NOT NULL CHECK (field IN ('title', 'body')),
  start       INTEGER NOT NULL,             -- offset in characters, from 0: substr(field, start + 1, length(sentence)) = sentence
  sentence    TEXT NOT NULL,                -- verbatim
  raw         TEXT NOT NULL,                -- the number, or the words of a claim without one, as it stands in the sentence
  raw_start   INTEGER NOT NULL,             -- offset of `raw` in the sentence: one sentence may say a number twice
  value       REAL,                         -- NULL where the claim is no number
  high        REAL,                         -- the upper end of a range
  unit        TEXT,                         -- CNY USD ..., ratio, x, rank, tier, token, token/s, month ...; NULL: a count
  comparator  TEXT NOT NULL CHECK (comparator IN ('=', '~', '>', '>=', '<', '<=')),
  negated     INTEGER NOT NULL,             -- 1: the sentence denies it
  subject     TEXT,                         -- of whom or what it is said, as the sentence names it
  baseline    TEXT,                         -- what a multiple or a part is of, as the sentence names it
  scope       TEXT,                         -- words that narrow or widen what the number covers
  quoted      TEXT,                         -- who is quoted
  hedge       TEXT,                         -- 网传, reportedly
  relation    TEXT NOT NULL CHECK (relation IN ('repeats','rounds','changes','contradicts','other_scope','unclear')),
  rule        TEXT NOT NULL                 -- what decided the relation
) STRICT;

CREATE INDEX claim_sightings_by_claim ON claim_sightings (claim_id, value);
CREATE INDEX claim_sightings_by_revision ON claim_sightings (revision_id, claim_id);

CREATE TRIGGER revisions_keep BEFORE UPDATE ON revisions BEGIN SELECT RAISE(ABORT, 'revisions is append-only'); END;
CREATE TRIGGER visits_keep    BEFORE UPDATE ON visits    BEGIN SELECT RAISE(ABORT, 'visits is append-only'); END;
CREATE TRIGGER polls_keep     BEFORE UPDATE ON polls     BEGIN SELECT RAISE(ABORT, 'polls is append-only'); END;
CREATE TRIGGER verdicts_keep  BEFORE UPDATE ON verdicts  BEGIN SELECT RAISE(ABORT, 'verdicts is append-only'); END;
CREATE TRIGGER sightings_keep BEFORE UPDATE ON sightings BEGIN SELECT RAISE(ABORT, 'sightings is append-only'); END;

-- Deleting needs the key that only `houxu forget` sets, inside its own transaction.
CREATE TRIGGER revisions_hold BEFORE DELETE ON revisions WHEN NOT EXISTS (SELECT 1 FROM meta WHERE key = 'forgetting')
BEGIN SELECT RAISE(ABORT, 'revisions is append-only: use houxu forget'); END;
CREATE TRIGGER visits_hold BEFORE DELETE ON visits WHEN NOT EXISTS (SELECT 1 FROM meta WHERE key = 'forgetting')
BEGIN SELECT RAISE(ABORT, 'visits is append-only: use houxu forget'); END;
CREATE TRIGGER polls_hold BEFORE DELETE ON polls WHEN NOT EXISTS (SELECT 1 FROM meta WHERE key = 'forgetting')
BEGIN SELECT RAISE(ABORT, 'polls is append-only: use houxu forget'); END;
CREATE TRIGGER verdicts_hold BEFORE DELETE ON verdicts WHEN NOT EXISTS (SELECT 1 FROM meta WHERE key = 'forgetting')
BEGIN SELECT RAISE(ABORT, 'verdicts is append-only: use houxu forget'); END;
CREATE TRIGGER sightings_hold BEFORE DELETE ON sightings WHEN NOT EXISTS (SELECT 1 FROM meta WHERE key = 'forgetting')
BEGIN SELECT RAISE(ABORT, 'sightings is append-only: use houxu forget'); END;

-- INSERT OR REPLACE deletes without a word where recursive triggers are off, as they are in a plain shell.
CREATE TRIGGER revisions_stay BEFORE INSERT ON revisions WHEN EXISTS (SELECT 1 FROM revisions WHERE id = NEW.id OR (article_id = NEW.article_id AND rev = NEW.rev))
BEGIN SELECT RAISE(ABORT, 'revisions is append-only'); END;
CREATE TRIGGER visits_stay BEFORE INSERT ON visits WHEN EXISTS (SELECT 1 FROM visits WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'visits is append-only'); END;
CREATE TRIGGER polls_stay BEFORE INSERT ON polls WHEN EXISTS (SELECT 1 FROM polls WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'polls is append-only'); END;
CREATE TRIGGER verdicts_stay BEFORE INSERT ON verdicts WHEN EXISTS (SELECT 1 FROM verdicts WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'verdicts is append-only'); END;
CREATE TRIGGER sightings_stay BEFORE INSERT ON sightings WHEN EXISTS (SELECT 1 FROM sightings WHERE lead_id = NEW.lead_id AND source_id = NEW.source_id)
BEGIN SELECT RAISE(ABORT, 'sightings is append-only'); END;
