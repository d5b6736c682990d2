"""houxu's commands: each is one call into the library, and prints what came back."""

from crawler.cli import archives, claims, crawling, reading, scheduling, upkeep
from crawler.cli.options import EXITS, main

__all__ = ["EXITS", "archives", "claims", "crawling", "main", "reading", "scheduling", "upkeep"]
