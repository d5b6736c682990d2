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
