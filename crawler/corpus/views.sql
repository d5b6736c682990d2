-- The questions people ask, in one line each. No MATCH inside: a hardened shell refuses it in a view.

CREATE VIEW coverage AS
SELECT a.id, a.url, a.outlet, a.lang, r.title, r.body, a.published_at, a.first_seen_at, a.story_id, a.root_id, a.depth,
       r.rev AS revisions,
       coalesce(a.published_at, a.first_seen_at) < (SELECT value FROM meta WHERE key = 'seed') AS background
FROM articles a JOIN revisions r ON r.id = a.latest_id
WHERE a.relevant = 1;
