-- The analyst's questions, for `houxu browse` and for anyone's shell. `:words` are as for MATCH; `:near` is a plain text.

-- search: Which articles hold these words? (words as for MATCH: 小米 罗福莉, "MiMo-V2-Flash")
SELECT coalesce(published_at, first_seen_at) AS at, outlet, title, url, story_id
FROM coverage
WHERE id IN (SELECT rowid FROM articles_fts WHERE articles_fts MATCH :words)
ORDER BY at DESC;

-- who_said_it_first: Who said it first, and by how much?
SELECT headline, outlet, at, hours_ahead, dated_by, url
FROM first_report
ORDER BY at DESC;

-- first_to_say: Who first used these words?
SELECT coalesce(published_at, first_seen_at) AS at, outlet, lang, depth > 0 AS copy, title, url
FROM coverage
WHERE id IN (SELECT rowid FROM articles_fts WHERE articles_fts MATCH :words)
ORDER BY at
LIMIT 20;

-- who_copied_whom: Who copied whom?
SELECT copied_from, outlet, kind, count(*) AS copies, min(at) AS first, max(at) AS last
FROM reprint_tree
WHERE depth > 0
GROUP BY copied_from, outlet, kind
ORDER BY copies DESC;

-- voices_and_copies: How many independent texts, how many copies?
SELECT headline, articles, voices, copies, outlets, first_at, last_at
FROM voices
ORDER BY copies DESC;

-- numbers_by_outlet: How does a number change from outlet to outlet? (near: 参数, 亿元; words: what else the text must hold)
SELECT coalesce(published_at, first_seen_at) AS at, outlet, lang,
       substr(body, max(1, instr(body, :near) - 40), 100) AS around, url
FROM coverage
WHERE id IN (SELECT rowid FROM articles_fts WHERE articles_fts MATCH :words) AND instr(body, :near) AND depth = 0
ORDER BY at;

-- ledger_of_claims: What became of each claim?
SELECT name, first_raw AS said, relation, texts, copies, first_outlet, first_quoted, first_at, last_at, first_sentence
FROM ledger;

-- ledger_of_one: How did one claim fare, day by day? (claim: its id)
SELECT at, outlet, raw, relation, copy, quoted, hedge, sentence, url
FROM claim_timeline
WHERE claim_id = :claim
ORDER BY at;

-- said_otherwise: Who first said something else than the claim, and copying whom?
SELECT at, claim_id, claimed, value, relation, outlet, copied_from, copied_value, texts, sentence, url
FROM mutations;

-- said_without_a_source: Which claims are told without a source, and how often?
SELECT claim_id, count(*) AS sentences, sum(quoted IS NULL) AS unattributed, sum(hedge IS NOT NULL) AS hedged
FROM claim_timeline
WHERE latest AND NOT copy
GROUP BY claim_id
ORDER BY unattributed DESC;

-- claims_edited: Which edit changed which number of a claim?
SELECT seen_at, outlet, claim_id, raw_before, raw_after, relation, sentence_after, url
FROM edited_numbers;

-- taken_down: What was taken down, and since when?
SELECT since, last_had_at, outlet, title, url
FROM gone;

-- edits_with_numbers: Which edits changed a number, of a claim or not?
SELECT seen_at, outlet, removed, added, hours_after, title, url
FROM edits
WHERE removed GLOB '*[0-9]*' AND added GLOB '*[0-9]*'
ORDER BY seen_at DESC;

-- never_attributed: Which texts with these words attribute nothing?
SELECT coalesce(c.published_at, c.first_seen_at) AS at, c.outlet, c.title, c.url
FROM coverage c JOIN articles a ON a.id = c.id JOIN revisions r ON r.id = a.latest_id
WHERE c.id IN (SELECT rowid FROM articles_fts WHERE articles_fts MATCH :words)
  AND c.id NOT IN (SELECT rowid FROM articles_fts WHERE articles_fts MATCH
    '据 OR 表示 OR 称 OR 透露 OR 公告 OR 说 OR said OR told OR according OR reported OR announced')
  AND r.credited_source IS NULL AND c.depth = 0
ORDER BY at;

-- other_scripts_only: What is in traditional Chinese or English coverage only?
SELECT s.headline, s.first_at, s.articles, group_concat(DISTINCT c.lang) AS langs
FROM stories s JOIN coverage c ON c.story_id = s.id
GROUP BY s.id
HAVING sum(c.lang IS NULL OR c.lang IN ('zh', 'zh-CN', 'zh-Hans', 'zh-SG')) = 0
ORDER BY s.first_at DESC;

-- burst_days: Which day did coverage burst, and on what?
SELECT day, sum(articles) AS articles, sum(voices) AS voices, headline AS mostly_on, max(articles) AS of_it
FROM (SELECT substr(t.at, 1, 10) AS day, s.headline, count(*) AS articles, sum(NOT t.copy) AS voices
      FROM timeline t JOIN stories s ON s.id = t.story_id
      GROUP BY 1, s.id)
GROUP BY day
ORDER BY 2 DESC
LIMIT 30;

-- first_and_edited: Which outlets publish first and edit later?
SELECT f.outlet, count(*) AS first_reports,
       sum(EXISTS (SELECT 1 FROM revisions r WHERE r.article_id = f.article_id AND r.rev > 1)) AS edited_later
FROM first_report f
GROUP BY f.outlet
ORDER BY edited_later DESC, first_reports DESC;

-- silent_sources: Which sources went silent?
SELECT source_id, outlet, last_new_at, days_quiet, usual_days, health, health_why
FROM quiet_sources;

-- relevant_in_hindsight: What became relevant only in hindsight?
SELECT v.at AS judged_at, v.rule, c.title, c.outlet, c.url
FROM verdicts v JOIN coverage c ON c.id = v.article_id
WHERE v.relevant AND EXISTS (SELECT 1 FROM verdicts o WHERE o.url = v.url AND o.id < v.id AND NOT o.relevant)
ORDER BY v.at DESC;

-- prices_over_time: What was said of prices, over time? (words: the model; near: $, 元)
SELECT coalesce(published_at, first_seen_at) AS at, outlet,
       substr(body, max(1, instr(body, :near) - 40), 100) AS around, url
FROM coverage
WHERE id IN (SELECT rowid FROM articles_fts WHERE articles_fts MATCH :words) AND instr(body, :near)
ORDER BY at;

-- releases_against_retirements: Releases against retirements, by month
SELECT substr(coalesce(published_at, first_seen_at), 1, 7) AS month,
       sum(id IN (SELECT rowid FROM articles_fts WHERE articles_fts MATCH '发布 OR 推出 OR 开源 OR released')) AS releases,
       sum(id IN (SELECT rowid FROM articles_fts WHERE articles_fts MATCH
                  '下线 OR 停用 OR 退役 OR 停止服务 OR retired OR deprecated')) AS retirements
FROM coverage
WHERE depth = 0
GROUP BY month
ORDER BY month;

-- spending_by_year: What was said of spending on AI, year by year?
SELECT substr(coalesce(published_at, first_seen_at), 1, 4) AS year, outlet,
       substr(body, max(1, instr(body, '亿元') - 50), 100) AS around, url
FROM coverage
WHERE id IN (SELECT rowid FROM articles_fts
             WHERE articles_fts MATCH '亿元 AND (研发 OR 投入) AND (AI OR 人工智能)')
  AND instr(body, '亿元') AND depth = 0
ORDER BY year, coalesce(published_at, first_seen_at);

-- names: Which names came up, and how often?
SELECT term, count(DISTINCT revision_id) AS texts
FROM mentions
GROUP BY term
ORDER BY texts DESC;
