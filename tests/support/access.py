"""Temporary folders of a test, opened to another user: pytest makes them for one user alone, xdist one level deeper."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def open_folders(folder: Path, mode: int = 0o755) -> None:
    """Set the mode of a test's folder and of pytest's own folders above it, and of no other."""
    folder.chmod(mode)
    for above in folder.parents:
        if above.name.startswith(("pytest-", "popen-")):
            above.chmod(mode)
