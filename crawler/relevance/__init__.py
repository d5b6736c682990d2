"""Is a page about the topic? `gate` asks its bytes before any parse, `judge` its article, and shows what it saw."""

from crawler.relevance.gate import gate
from crawler.relevance.judge import judge

__all__ = ["gate", "judge"]
