"""The files of a corpus, and what they are called."""

from __future__ import annotations

import os
from pathlib import Path


def true_path(path: Path | str) -> Path:
    """Return a path absolute and with every link in it followed, whether the file is there or not.

    By any other name a corpus has the same pages and the same lock.
    """
    return Path(os.path.realpath(Path(path).expanduser()))  # Path.resolve raises on a link to itself before Python 3.13
