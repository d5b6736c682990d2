-- Which command a run is of; before, its note said so.

ALTER TABLE runs ADD COLUMN kind TEXT NOT NULL DEFAULT 'crawl' CHECK (kind IN ('crawl','replay','rescan','merge','backfill'));
UPDATE runs SET kind = 'rescan' WHERE sources = 0 AND note LIKE 'rescan: %' AND ending = 'done';
UPDATE runs SET kind = 'merge' WHERE note LIKE 'merged %';
UPDATE runs SET kind = 'replay' WHERE sources = 0 AND note LIKE 'houxu % replay' AND ending = 'done';
UPDATE runs SET kind = 'backfill' WHERE sources = 0 AND note LIKE 'houxu % backfill: %' AND ending = 'done';
