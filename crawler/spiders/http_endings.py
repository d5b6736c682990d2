"""What an HTTP answer to a visit means before its body is read."""

from __future__ import annotations

from http import HTTPStatus

from crawler.model import Ending
from crawler.text.charset import UTF_16_MARKS

HTML = ("text/html", "application/xhtml", "text/plain", "text/markdown", "application/xml", "text/xml")
"""Content types that may hold an article; a missing one is taken for HTML, as browsers do."""

_GONE = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
_BLOCKED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS}
_LATER = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}


_FILES = (b"PK\x03\x04", b"%PDF-", b"\x1f\x8b", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"ID3", b"OggS")
"""How files begin that are no text: zip and office, PDF, gzip, pictures, sound."""

_CONTROLS = bytes(set(range(0x20)) - set(b"\t\n\f\r\x1b"))
_HEAD = 1024
_MOST_CONTROLS = 0.05
"""Share of the first bytes; a tenth of random ones are control characters, and of a page a stray one at most."""


def is_binary(body: bytes) -> bool:
    """Say whether a body is no text, whatever its type says."""
    head = body[:_HEAD]
    if head.startswith(_FILES):
        return True
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return not head.startswith(UTF_16_MARKS) and controls > _MOST_CONTROLS * len(head)


def ending_of(status: int, content_type: str) -> tuple[Ending, str] | None:
    """Return how a visit ends whose answer holds no article, with the reason; None when it may hold one."""
    kind = content_type.partition(";")[0].strip().lower()
    if status == HTTPStatus.OK:
        return (Ending.UNREADABLE, f"content type {kind}") if kind and not kind.startswith(HTML) else None
    if status == HTTPStatus.NOT_MODIFIED:
        ending = Ending.UNCHANGED
    elif status in _GONE:
        ending = Ending.GONE
    elif status == HTTPStatus.PAYMENT_REQUIRED:
        ending = Ending.PAYWALLED
    elif status in _BLOCKED:
        ending = Ending.BLOCKED
    elif status in _LATER or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        ending = Ending.DEFERRED
    else:
        ending = Ending.UNREADABLE
    return ending, f"HTTP {status}"
