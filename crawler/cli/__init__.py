"""houxu's commands: each is one call into the library, and prints what came back."""

import sys

try:
    from crawler.cli.group import EXITS, every_command, main
except KeyboardInterrupt:  # no command has begun that could handle it
    sys.exit(130)

__all__ = ["EXITS", "every_command", "main"]
