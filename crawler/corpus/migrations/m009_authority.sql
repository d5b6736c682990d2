-- Whose word counts: a lead keeps who said its words and every spelling it was seen under, a sighting what its source
-- said, a revision and a visit which archive they came out of. See crawler/text/authority.py.

ALTER TABLE leads ADD COLUMN said_by TEXT;                           -- host that said title, outlet, date and body; '': not known
ALTER TABLE leads ADD COLUMN pairings TEXT NOT NULL DEFAULT '[]';    -- JSON: hosts it speaks for besides its own site
ALTER TABLE leads ADD COLUMN fetch_own INTEGER NOT NULL DEFAULT 0;   -- 1: the site's own source wrote fetch_url so

ALTER TABLE sightings ADD COLUMN own INTEGER NOT NULL DEFAULT 0;     -- 1: the source speaks for the lead's site
ALTER TABLE sightings ADD COLUMN outlet TEXT;                        -- as this source said
ALTER TABLE sightings ADD COLUMN published_at TEXT;                  -- likewise
ALTER TABLE sightings ADD COLUMN body TEXT;                          -- likewise, its beginning, where the source is another's

ALTER TABLE articles ADD COLUMN dated_by TEXT;                       -- page, or source: who said published_at; NULL: not known
ALTER TABLE articles ADD COLUMN doubtful TEXT;                       -- body, published_at or both: what another site's source
                                                                     -- may have filled before this was kept; visited again
ALTER TABLE revisions ADD COLUMN origin TEXT;                        -- the archive or shard it came from; NULL: fetched here
ALTER TABLE visits ADD COLUMN origin TEXT;                           -- likewise

CREATE TABLE spellings (
  lead_id   INTEGER NOT NULL REFERENCES leads (id),
  url       TEXT NOT NULL,                  -- as a source wrote it, when it differs from leads.fetch_url
  source_id TEXT NOT NULL REFERENCES sources (id),
  own       INTEGER NOT NULL,               -- 1: the source speaks for the lead's site
  tried     INTEGER NOT NULL,               -- 1: asked, and gave no article
  PRIMARY KEY (lead_id, url)
) STRICT, WITHOUT ROWID;

-- Words of which it is not known that one host said them all fill nothing any more.
UPDATE leads SET said_by = coalesce((
  SELECT CASE WHEN min(s.host) = max(s.host) THEN min(s.host) END
  FROM sightings g JOIN sources s ON s.id = g.source_id WHERE g.lead_id = leads.id), '');

UPDATE articles SET dated_by = (
  SELECT CASE WHEN json_extract(r.evidence, '$.published_at') = 'lead' THEN 'source' ELSE 'page' END
  FROM revisions r WHERE r.article_id = articles.id AND r.rev = 1) WHERE published_at IS NOT NULL;

WITH filled AS (
  SELECT article_id, max(coalesce(json_extract(evidence, '$.body') = 'lead', 0)) AS body,
         max(coalesce(json_extract(evidence, '$.published_at') LIKE '%lead', 0)) AS dated
  FROM revisions GROUP BY article_id)
UPDATE articles SET doubtful = trim(iif(filled.body, 'body ', '') || iif(filled.dated, 'published_at', ''))
FROM filled
WHERE filled.article_id = articles.id AND (filled.body OR filled.dated) AND EXISTS (
  SELECT 1 FROM leads l JOIN sightings g ON g.lead_id = l.id JOIN sources s ON s.id = g.source_id
  WHERE l.article_id = articles.id AND l.host NOT LIKE '%' || replace(s.host, 'www.', ''));

UPDATE leads SET next_visit_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), etag = NULL, last_modified = NULL
WHERE article_id IN (SELECT id FROM articles WHERE doubtful IS NOT NULL);

-- What came out of archives before this was kept.
DROP TRIGGER revisions_keep;
UPDATE revisions SET origin = (
  SELECT coalesce(u.note, u.kind) FROM visits v JOIN runs u ON u.id = v.run_id
  WHERE v.article_id = revisions.article_id AND v.at = revisions.seen_at AND v.page_sha256 IS revisions.page_sha256
    AND u.kind IN ('replay', 'merge', 'backfill') LIMIT 1);
CREATE TRIGGER revisions_keep BEFORE UPDATE ON revisions BEGIN SELECT RAISE(ABORT, 'revisions is append-only'); END;
