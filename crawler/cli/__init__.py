"""houxu's commands: each is one call into the library, and prints what came back."""

import sys

try:
    from crawler.cli import bulk, crawling, keeping, ledgers, reading, scheduling
    from crawler.cli.options import EXITS, main
except KeyboardInterrupt:  # reading the modules takes half a second, and no command has begun that could handle it
    sys.exit(130)

__all__ = ["EXITS", "bulk", "crawling", "keeping", "ledgers", "main", "reading", "scheduling"]
