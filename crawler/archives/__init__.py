"""Pages that do not come from a live crawl: WARC files, shards, and stored pages judged again."""
