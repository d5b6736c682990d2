"""The three standard streams, made fit before a command runs."""

from __future__ import annotations

import codecs
import io
import json
import os
import sys


def open_closed_streams() -> None:
    """Open the null device in place of each standard stream that whoever started us had closed (`2>&-`).

    Python gives None for it, and the first file that is opened would get its number: what a library writes to standard
    error would go into a corpus.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):  # in this order each gets its own number
        if getattr(sys, name) is None:
            stream = open(os.devnull, mode, encoding="utf-8")  # noqa: PTH123, SIM115 it stays open, and is no path of ours
            os.set_inheritable(stream.fileno(), True)  # else the processes of a backfill would start without it
            setattr(sys, name, stream)


def escape_what_does_not_fit() -> None:
    """Let standard output and error write an escape for each character that their encoding lacks, and go on.

    As JSON writes it: `backslashreplace` has other escapes for é and for emoji, which break the JSON they stand in.
    """
    codecs.register_error("houxu", _escaped)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="houxu")


def _escaped(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end
