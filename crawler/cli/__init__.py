"""houxu's commands: each is one call into the library, and prints what came back."""

import sys

try:
    from crawler.cli import archives, claims, crawling, reading, scheduling, upkeep
    from crawler.cli.options import EXITS, main
except KeyboardInterrupt:  # reading the modules takes half a second, and no command has begun that could handle it
    sys.exit(130)

__all__ = ["EXITS", "archives", "claims", "crawling", "main", "reading", "scheduling", "upkeep"]
