-- The questions people ask, in one line each. No MATCH inside: a hardened shell refuses it in a view.
-- `at` is when an article was published, or first seen where its page does not say.

-- What is covered: the latest text of every article whose latest verdict is relevant. `url` is its key, `page_url` the
-- address it was fetched from.
CREATE VIEW coverage AS
SELECT a.id, a.url, a.outlet, a.lang, r.title, r.body, a.published_at, a.first_seen_at, a.story_id, a.root_id, a.depth,
       r.rev AS revisions,
       coalesce(a.published_at, a.first_seen_at) < (SELECT value FROM meta WHERE key = 'seed') AS background, r.page_url,
       CASE WHEN a.published_at IS NULL THEN 'first seen' ELSE coalesce(a.dated_by, 'page') END AS dated_by
FROM articles a JOIN revisions r ON r.id = a.latest_id
WHERE a.relevant = 1;

-- What happened when: the coverage in time order. One story: WHERE story_id = 7.
CREATE VIEW timeline AS
SELECT coalesce(published_at, first_seen_at) AS at, outlet, lang, title, url, depth > 0 AS copy, revisions, background,
       story_id, id AS article_id, dated_by
FROM coverage
ORDER BY at, url;

-- How many independent texts, how many copies: a row per story.
CREATE VIEW voices AS
SELECT s.id AS story_id, s.headline, count(*) AS articles, count(DISTINCT a.root_id) AS voices,
       count(*) - count(DISTINCT a.root_id) AS copies, count(DISTINCT a.outlet) AS outlets, s.first_at, s.last_at
FROM stories s JOIN articles a ON a.story_id = s.id
WHERE a.relevant = 1
GROUP BY s.id;

-- Who was first: a row per story, and by how much before the next independent text.
-- `dated_by` says what that rests on: the page's own date, that of a source of its site, or our first sight of it.
CREATE VIEW first_report AS
SELECT s.id AS story_id, s.headline, coalesce(c.published_at, c.first_seen_at) AS at, c.outlet, c.title, c.url,
       c.dated_by,
       round((julianday((SELECT min(coalesce(n.published_at, n.first_seen_at)) FROM articles n
                         WHERE n.story_id = s.id AND n.root_id <> c.root_id AND n.relevant = 1))
              - julianday(coalesce(c.published_at, c.first_seen_at))) * 24, 1) AS hours_ahead,
       c.id AS article_id
FROM stories s JOIN coverage c ON c.id = s.root_id;

-- Who copied whom: a row per article of every tree that has a copy, its root at depth 0. One tree: WHERE root_id = 7.
-- (+: from what a text was matched with, 64 at most; what was matched with a text may be thousands.)
CREATE VIEW reprint_tree AS
SELECT a.root_id, a.depth, coalesce(a.published_at, a.first_seen_at) AS at, a.outlet, r.title, a.url,
       p.outlet AS copied_from, p.url AS copied_url,
       coalesce((SELECT kind FROM matches m WHERE m.article_id = a.id AND +m.to_article_id = a.parent_id),
                (SELECT kind FROM matches m WHERE m.article_id = a.parent_id AND +m.to_article_id = a.id)) AS kind,
       coalesce((SELECT score FROM matches m WHERE m.article_id = a.id AND +m.to_article_id = a.parent_id),
                (SELECT score FROM matches m WHERE m.article_id = a.parent_id AND +m.to_article_id = a.id)) AS score,
       r.credited_source, a.story_id, a.id AS article_id
FROM articles a JOIN revisions r ON r.id = a.latest_id LEFT JOIN articles p ON p.id = a.parent_id
WHERE a.relevant = 1
  AND EXISTS (SELECT 1 FROM articles k WHERE k.root_id = a.root_id AND k.depth > 0 AND k.relevant = 1)
ORDER BY a.root_id, at, a.url;

-- What was changed after the fact: a row per revision but the first, the newest first. `told_by` and `told_by_before`
-- are the archives that texts came out of, NULL where they were fetched here.
CREATE VIEW edits AS
SELECT r.seen_at, a.outlet, r.title, CASE WHEN b.title <> r.title THEN b.title END AS title_before, r.removed, r.added,
       round((julianday(r.seen_at) - julianday(a.first_seen_at)) * 24, 1) AS hours_after, r.rev, a.url, a.story_id,
       a.id AS article_id, r.origin AS told_by, b.origin AS told_by_before
FROM revisions r JOIN articles a ON a.id = r.article_id
     JOIN revisions b ON b.article_id = r.article_id AND b.rev = r.rev - 1
WHERE r.rev > 1 AND a.relevant = 1 AND r.removed IS NOT NULL
ORDER BY r.seen_at DESC, r.id DESC;

-- What was taken down: a row per article whose page was not there when it was last visited. Its text stays.
CREATE VIEW gone AS
SELECT min(v.at) AS since, h.last_had_at, a.outlet, r.title, a.url, a.story_id, a.id AS article_id
FROM (SELECT lead_id, max(id) AS visit_id, max(at) AS last_had_at FROM visits
      WHERE ending NOT IN ('gone', 'deferred', 'blocked') AND lead_id IS NOT NULL
      GROUP BY lead_id) h
JOIN visits v ON v.lead_id = h.lead_id AND v.id > h.visit_id AND v.ending = 'gone'
JOIN leads l ON l.id = h.lead_id
JOIN articles a ON a.id = l.article_id
JOIN revisions r ON r.id = a.latest_id
WHERE a.relevant = 1
GROUP BY l.id
ORDER BY since DESC, a.url;

-- How the visits to each source's leads ended. `waiting` leads have had none yet, or will have another.
CREATE VIEW funnel AS
SELECT s.id AS source_id, s.outlet, coalesce(w.leads, 0) AS leads, coalesce(w.waiting, 0) AS waiting,
       coalesce(v.visits, 0) AS visits, coalesce(v.stored, 0) AS stored, coalesce(v.duplicate, 0) AS duplicate,
       coalesce(v.unchanged, 0) AS unchanged, coalesce(v.revised, 0) AS revised, coalesce(v.off_topic, 0) AS off_topic,
       coalesce(v.paywalled, 0) AS paywalled, coalesce(v.blocked, 0) AS blocked, coalesce(v.gone, 0) AS gone,
       coalesce(v.unreadable, 0) AS unreadable, coalesce(v.deferred, 0) AS deferred
FROM sources s
LEFT JOIN (SELECT source_id, count(*) AS leads, sum(next_visit_at IS NOT NULL) AS waiting
           FROM leads GROUP BY source_id) w ON w.source_id = s.id
LEFT JOIN (SELECT l.source_id, count(*) AS visits, sum(v.ending = 'stored') AS stored,
                  sum(v.ending = 'duplicate') AS duplicate, sum(v.ending = 'unchanged') AS unchanged,
                  sum(v.ending = 'revised') AS revised, sum(v.ending = 'off_topic') AS off_topic,
                  sum(v.ending = 'paywalled') AS paywalled, sum(v.ending = 'blocked') AS blocked,
                  sum(v.ending = 'gone') AS gone, sum(v.ending = 'unreadable') AS unreadable,
                  sum(v.ending = 'deferred') AS deferred
           FROM leads l JOIN visits v ON v.lead_id = l.id GROUP BY l.source_id) v ON v.source_id = s.id;

-- Which sources went silent: enabled, and nothing new for three days and five times their usual gap.
CREATE VIEW quiet_sources AS
SELECT source_id, outlet, last_new_at, round(days_quiet, 1) AS days_quiet, round(usual_days, 1) AS usual_days, checked_at,
       health, health_why, url
FROM (SELECT s.id AS source_id, s.outlet, s.url, s.checked_at, s.health, s.health_why, n.last_new_at,
             julianday('now') - julianday(coalesce(n.last_new_at,
               (SELECT min(at) FROM polls f WHERE f.source_id = s.id))) AS days_quiet,
             (julianday(n.last_new_at) - julianday(n.first_new_at)) / nullif(n.times - 1, 0) AS usual_days
      FROM sources s
      LEFT JOIN (SELECT source_id, max(at) AS last_new_at, min(at) AS first_new_at, count(*) AS times
                 FROM polls WHERE new_items > 0 GROUP BY source_id) n ON n.source_id = s.id
      WHERE s.enabled)
WHERE days_quiet > max(3, 5 * coalesce(usual_days, 0))
ORDER BY days_quiet DESC;

-- What was said of the seed's claims, text by text, in time order: every sighting in a relevant article, with the words.
-- A later revision counts from when it was seen. `copy`: the article copies another; `later`: its first text lacked it.
CREATE VIEW claim_timeline AS
SELECT CASE WHEN r.rev = 1 THEN coalesce(a.published_at, a.first_seen_at) ELSE r.seen_at END AS at,
       s.claim_id, s.value, s.high, s.unit, s.comparator, s.negated, s.baseline, s.scope, s.quoted, s.hedge, s.relation,
       s.rule, a.outlet, a.lang, a.depth > 0 AS copy, r.rev, r.id = a.latest_id AS latest, s.raw, s.sentence, a.url,
       s.field, s.start, s.raw_start, s.id AS sighting_id, s.revision_id, a.id AS article_id, a.root_id, a.parent_id,
       a.story_id
FROM claim_sightings s JOIN revisions r ON r.id = s.revision_id JOIN articles a ON a.id = r.article_id
WHERE a.relevant = 1;

-- The ledger: a row per value said of a claim. `texts` are independent, `copies` are not; `sightings` are sentences.
-- `scope` and `baseline` are those of the first text.
CREATE VIEW ledger AS
SELECT c.id AS claim_id, c.name, t.value, t.high, t.unit, t.relation, t.scope, t.baseline, t.texts, t.copies, t.sightings,
       t.at AS first_at, t.outlet AS first_outlet, t.quoted AS first_quoted, t.last_at, t.raw AS first_raw,
       t.sentence AS first_sentence, t.url AS first_url, t.article_id AS first_article_id
FROM claims c JOIN (
  SELECT *, count(DISTINCT root_id) AS texts, count(DISTINCT article_id) - count(DISTINCT root_id) AS copies,
         count(DISTINCT article_id || ' ' || raw_start || ' ' || sentence) AS sightings,
         min(place)  -- of one min() the other columns are those of its row: the first sighting's
  FROM (SELECT *, row_number() OVER (PARTITION BY claim_id, value, high, unit, relation
                                     ORDER BY at, url, sighting_id) AS place,
               max(at) OVER (PARTITION BY claim_id, value, high, unit, relation) AS last_at
        FROM claim_timeline)
  GROUP BY claim_id, value, high, unit, relation
) t ON t.claim_id = c.id
ORDER BY c.place, t.relation <> 'repeats', t.at;

-- Who says what cannot be true beside the claim: a row per sentence, with what the claim says.
CREATE VIEW contradictions AS
SELECT t.at, t.claim_id, c.value AS claimed, c.unit AS claimed_unit, t.value AS said, t.unit, t.rule, t.outlet, t.lang,
       t.copy, t.latest, t.sentence, t.url, t.article_id, t.story_id
FROM claim_timeline t JOIN claims c ON c.id = t.claim_id
WHERE t.relation = 'contradicts'
ORDER BY t.at, t.url, t.sighting_id;

-- Where another value came from: the first text in which it appears, and what that text copied from. `copied_value` is
-- what the copied text says of the same claim.
CREATE VIEW mutations AS
SELECT m.at, m.claim_id, c.value AS claimed, c.unit AS claimed_unit, m.value, m.unit, m.relation, m.rule, m.outlet, m.lang,
       p.outlet AS copied_from, p.url AS copied_url,
       (SELECT value FROM claim_timeline k WHERE k.article_id = m.parent_id AND k.claim_id = m.claim_id
          AND k.relation <> 'other_scope' ORDER BY k.rev DESC, k.sighting_id LIMIT 1) AS copied_value,
       (SELECT count(DISTINCT root_id) FROM claim_timeline k
        WHERE k.claim_id = m.claim_id AND k.value IS m.value AND k.unit IS m.unit AND k.relation = m.relation) AS texts,
       m.sentence, m.url, m.article_id, m.story_id
FROM (SELECT *, row_number() OVER (PARTITION BY claim_id, value, unit, relation ORDER BY at, url, sighting_id) AS place
      FROM claim_timeline WHERE relation IN ('changes', 'contradicts')) m
     JOIN claims c ON c.id = m.claim_id LEFT JOIN articles p ON p.id = m.parent_id
WHERE m.place = 1
ORDER BY m.at, m.url, m.sighting_id;

-- What looks like another value and is not: the number covers something else, is measured against something else, or is
-- said of something else.
CREATE VIEW other_scopes AS
SELECT t.at, t.claim_id, c.value AS claimed, c.unit AS claimed_unit, t.value AS said, t.unit, t.rule, t.scope, t.baseline,
       t.outlet, t.lang, t.copy, t.latest, t.sentence, t.url, t.article_id, t.story_id
FROM claim_timeline t JOIN claims c ON c.id = t.claim_id
WHERE t.relation = 'other_scope'
ORDER BY t.at, t.url, t.sighting_id;

-- Which edit changed which number: a value that the text before had and this one lacks, beside one that it brought.
-- (CROSS JOIN: from each edit to its sightings. Else SQLite may set every sighting of a claim beside every other.)
CREATE VIEW edited_numbers AS
SELECT r.seen_at, a.outlet, b.claim_id, b.value AS before, n.value AS after, n.unit, n.relation, b.raw AS raw_before,
       n.raw AS raw_after, b.sentence AS sentence_before, n.sentence AS sentence_after, r.rev, a.url, a.story_id,
       a.id AS article_id
FROM revisions r CROSS JOIN articles a ON a.id = r.article_id
     CROSS JOIN revisions o ON o.article_id = r.article_id AND o.rev = r.rev - 1
     CROSS JOIN claim_sightings b ON b.revision_id = o.id
     CROSS JOIN claim_sightings n ON n.revision_id = r.id AND n.claim_id = b.claim_id
WHERE a.relevant = 1 AND r.rev > 1 AND r.removed IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM claim_sightings k WHERE k.revision_id = r.id AND k.claim_id = b.claim_id
                  AND k.value IS b.value AND k.unit IS b.unit)
  AND NOT EXISTS (SELECT 1 FROM claim_sightings k WHERE k.revision_id = o.id AND k.claim_id = n.claim_id
                  AND k.value IS n.value AND k.unit IS n.unit)
GROUP BY r.id, b.claim_id, b.value, b.unit, n.value, n.unit
ORDER BY r.seen_at DESC, r.id DESC;
