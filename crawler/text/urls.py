"""One URL for one page: the same address under its many spellings.

The canonical URL is a key. It is not always an address that answers (a host may serve its pages under `www` only), so
the corpus keeps beside it the one that a source showed. URL equality alone never drops a text: two texts under one
canonical URL are two revisions.
"""

from __future__ import annotations

import ipaddress
import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from w3lib.url import canonicalize_url

from crawler.limits import URL_CHARACTERS
from crawler.text.web_addresses import netloc_of

if TYPE_CHECKING:
    from tldextract import TLDExtract

_TRACKING_PREFIXES = (
    "utm_",
    "spm_",
    "mtm_",
    "pk_",
    "hsa_",
    "share_",
    "from_",
    "amp_",
    "fb_action",
    "fb_ref",
    "at_camp",
)
_TRACKING = frozenset(
    {"spm", "scm", "gclid", "dclid", "gclsrc", "gbraid", "wbraid", "fbclid", "fb_source", "msclkid", "yclid", "twclid"}
    | {"ttclid", "igshid", "igsh", "li_fat_id", "_ga", "_gl", "mc_cid", "mc_eid", "_hsenc", "_hsmi", "vero_id"}
    | {"at_medium", "ref", "ref_src", "ref_url", "refer", "referer", "referrer", "cmp", "cmpid", "ncid", "ocid", "smid"}
    | {"share", "shared", "sharefrom", "sharetoken", "from", "isappinstalled", "wfr", "chksm"}
    | {"sessionid", "session_id", "phpsessid", "jsessionid", "amp", "outputtype"}
)
"""Parameters that say how a reader came, not what is read."""

_PASSES = 8
"""Taking one mark off may bare another (`.amp.amp`, a host in punycode within a cache's path), a few times at most."""

_HOST_PREFIX = re.compile(r"^(?:www|m|wap|amp|mobile|3g)\.(?=[^.]+\.[^.])")
_GOOGLE = "com|de|es|fr|it|nl|pl|ru|ca|co.uk|co.in|co.id|co.jp|co.kr|com.au|com.br|com.hk|com.mx|com.sg|com.tr|com.tw"
_AMP_CACHE = re.compile(
    r"^https?://(?:[a-z0-9-]+\.cdn\.ampproject\.org/[a-z]/|(?:www\.)?google\.(?:"
    + _GOOGLE.replace(".", r"\.")
    + r")/amp/)(s/)?(?=[^/]+\.)"
)
"""The known caches: Google's, under its domains in the languages that are followed. Their links lead to the page of a
publisher, whose name is in the path; a host that only looks like one of them (google.evil.com) is its own."""

_AMP_PATH = re.compile(r"/amp(?=/)|(?<![/.]amp)(?:/*+\.amp|/++amp)++/*+$|(?<!\.amp)(?:\.amp)++(?=\.s?html?$)")
_SESSION_PATH = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/;]*", re.IGNORECASE)


def canonical_url(url: str) -> str:
    """Return the key of a link: the same for every spelling of one address, and itself for a key.

    Without fragment, credentials, default port, tracking parameters, session, trailing slash, the host's `www.`, `m.`,
    `wap.` and `amp.`, and AMP's marks in the path; links into AMP caches unwrapped; host in lower-case punycode;
    parameters sorted; escapes in one form (w3lib). `http` counts as `https` where the host is a name and the port the
    default. Of a page that answered, ask `served_url`.

    Args:
        url: absolute; anything that is not `http` or `https`, cannot be split, or is longer than any address that is
            asked, comes back stripped and otherwise as it is.
    """
    url = url.strip()
    return url if len(url) > URL_CHARACTERS else _key_of(url, cached=True)


def served_url(url: str) -> str:
    """Return the key of the address that answered: as `canonical_url`, but a cache's copy stays the cache's.

    Args:
        url: as for `canonical_url`, after redirects.
    """
    url = url.strip()
    return url if len(url) > URL_CHARACTERS else _key_of(url, cached=False)


def unwrapped(url: str) -> str:
    """Return the publisher's address where a link leads into a known AMP cache, else the link as it is."""
    while found := _AMP_CACHE.match(url[:URL_CHARACTERS]):
        url = ("https://" if found[1] else "http://") + url[found.end() :]
    return url


@lru_cache(maxsize=4096)  # a page's own is asked for three times on its way
def _key_of(url: str, *, cached: bool) -> str:
    key = url
    for _ in range(_PASSES):
        before, key = key, _stripped(unwrapped(key) if cached else key)
        if key == before:
            break
    return key


def host_of(url: str) -> str:
    """Return the host of a URL in lower case; empty where there is none.

    Without its port: this says whose a page is. Manners are kept per `web.netloc_of`, which has it.
    """
    try:
        return urlsplit(url.strip()[:URL_CHARACTERS]).hostname or ""
    except ValueError:
        return ""


@lru_cache(maxsize=4096)  # 10 microseconds, asked several times of every page and lead
def owner_of(url: str) -> str:
    """Return the site of a URL: the registered domain; empty where there is no host.

    Where none is registered (an address, `localhost`) it is the host without `www.` and the like, with its port: on
    another port may be somebody else.
    """
    host = _bare_host(host_of(url))
    if domain := _suffixes()(host).top_domain_under_public_suffix:
        return domain
    port = netloc_of(url[:URL_CHARACTERS]).rpartition("]")[2].partition(":")[2]
    return f"{host}:{port}" if host and port else host


def site(host: str) -> str:
    """Return the name under which one publisher runs its hosts: `tech.sina.com.cn` gives `sina.com.cn`.

    By the Public Suffix List as tldextract ships it, private suffixes included (two blogs of `github.io` are two
    sites); an address or a host without a known suffix is its own site.
    """
    return _suffixes()(host).top_domain_under_public_suffix or host


def is_public_suffix(host: str) -> bool:
    """Say whether anybody may register a name below this one: com, co.uk, github.io."""
    return _suffixes()(host).suffix == host


def _stripped(url: str) -> str:
    try:
        parts = urlsplit(canonicalize_url(url))
        host, port = _bare_host(parts.hostname or ""), parts.port
    except ValueError:
        return url
    if parts.scheme not in {"http", "https"} or not host:
        return url
    scheme = parts.scheme
    if port == {"http": 80, "https": 443}[scheme]:
        port = None
    if port is None and "." in host and not _is_address(host):
        scheme = "https"
    path = _AMP_PATH.sub("", _SESSION_PATH.sub("", parts.path)).rstrip("/")
    query = "&".join(pair for pair in parts.query.split("&") if pair and not _tracks(pair.partition("=")[0]))
    netloc = f"[{host}]" if ":" in host else host
    return urlunsplit((scheme, netloc if port is None else f"{netloc}:{port}", path or "/", query, ""))


@cache
def _suffixes() -> TLDExtract:
    from tldextract import TLDExtract  # 9,000 suffixes, and most commands never ask

    # The list inside the package, never the network, nothing written.
    return TLDExtract(cache_dir=None, suffix_list_urls=(), include_psl_private_domains=True)


def _bare_host(host: str) -> str:
    """Return a host without `www.` and the like; under a public suffix such a name is somebody's own (m.github.io)."""
    host = host.strip(".")
    while (found := _HOST_PREFIX.match(host)) and _suffixes()(host).top_domain_under_public_suffix != host:
        host = host[found.end() :]
    return host


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _tracks(name: str) -> bool:
    name = name.lower()
    return name in _TRACKING or name.startswith(_TRACKING_PREFIXES)
