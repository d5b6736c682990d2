-- The full-text index merges eight segments of a size at once, in pages that fill one of SQLite's, when told to.

INSERT INTO articles_fts (articles_fts, rank) VALUES ('automerge', 0);
INSERT INTO articles_fts (articles_fts, rank) VALUES ('usermerge', 8);
INSERT INTO articles_fts (articles_fts, rank) VALUES ('crisismerge', 400);
INSERT INTO articles_fts (articles_fts, rank) VALUES ('pgsz', 4000);
