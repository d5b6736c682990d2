"""What Scrapy's download errors mean, in plain words."""

from __future__ import annotations

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
    StopDownload,
)

_WORDS = {
    CannotResolveHostError: "the host name does not resolve",
    DownloadConnectionRefusedError: "connection refused",
    DownloadTimeoutError: "no complete answer in time",
    DownloadFailedError: "the connection broke",
    ResponseDataLossError: "the answer was cut short",
    StopDownload: "too many large answers at once",
}


def in_words(error: BaseException) -> str:
    """Return why no answer came: a few plain words, or the error's own where we have none."""
    for kind, words in _WORDS.items():
        if isinstance(error, kind):
            return words
    return f"{type(error).__name__}: {error}"[:200]


def is_network(error: BaseException) -> bool:
    """Return whether no connection came about, which our own network may explain: a name, a refusal, a silence."""
    return isinstance(error, (CannotResolveHostError, DownloadConnectionRefusedError, DownloadTimeoutError))
