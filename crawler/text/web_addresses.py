"""Addresses of the web: what is one, whose it is, and what it must not show."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urlsplit, urlunsplit

from w3lib.url import safe_url_string

from crawler.limits import URL_CHARACTERS
from crawler.text.folding import clean

_PLAIN = re.compile(r"[a-z0-9.-]++(?::[1-9][0-9]{0,4})?+", re.IGNORECASE)
"""A host that everybody reads alike; most are so, and the others cost 30 microseconds."""

_USER = re.compile(r"://[^/?#@]*+@")
_OWN_PORT = {"http": 80, "https": 443}


def is_web_url(url: str) -> bool:
    """Say whether a URL is absolute, http or https, names a host, is no longer than `URL_CHARACTERS`, and can be asked.

    `http://a[::1]/` can be split, but no request be made of it.
    """
    if len(url) > URL_CHARACTERS or clean(url) != url:
        return False
    try:
        parts = urlsplit(url)
        if not _PLAIN.fullmatch(parts.netloc):
            if "\\" in parts.netloc:  # where browsers end the host, and Python does not
                return False
            parts = urlsplit(safe_url_string(url))
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a bad port, a bad IPv6 address
        return False


@lru_cache(maxsize=1024)
def netloc_of(url: str) -> str:
    """Return the host of a URL with its port where it has one: what manners are kept per.

    As it is sent: in lower case and punycode, without a final dot, the scheme's own port, or zeros before another.
    Else one host would be asked at twice the pace under two names, and have twice what one host may have.
    """
    parts = urlsplit(url)
    if not _PLAIN.fullmatch(parts.netloc):
        try:
            parts = urlsplit(safe_url_string(url))
        except ValueError:
            return parts.netloc.lower()
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return parts.netloc.lower()
    host = f"[{host}]" if ":" in host else host.rstrip(".")
    return host if port is None or port == _OWN_PORT.get(parts.scheme) else f"{host}:{port}"


def without_credentials(url: str) -> str:
    """Return a URL without the user and password that a link or a redirect put into it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return _USER.sub("://", url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])) if "@" in parts.netloc else url
