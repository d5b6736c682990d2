"""When to crawl: the cadence, the lock, the daemon, and what cron and systemd are told."""
