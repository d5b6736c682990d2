-- A host's tdmrep.json as last fetched: what it reserves of text and data mining.

ALTER TABLE hosts ADD COLUMN tdmrep TEXT;
ALTER TABLE hosts ADD COLUMN tdmrep_at TEXT;
