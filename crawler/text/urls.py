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
from urllib.parse import urljoin, urlsplit, urlunsplit

from w3lib.url import canonicalize_url

from crawler.limits import URL_CHARACTERS

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
_AMP_CACHE = re.compile(
    r"^https?://(?:[^/]+\.cdn\.ampproject\.org/[a-z]/|(?:www\.)?google\.[a-z.]+/amp/)(s/)?(?=[^/]+\.)"
)
_AMP_PATH = re.compile(r"/amp(?=/)|(?<![/.]amp)(?:/*+\.amp|/++amp)++/*+$|(?<!\.amp)(?:\.amp)++(?=\.s?html?$)")
_SESSION_PATH = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/;]*", re.IGNORECASE)
_HOME = re.compile(r"/?(?:(?:index|default|home)\.[a-z]{2,5})?", re.IGNORECASE)


def canonical_url(url: str) -> str:
    """Return the key of a URL: the same for every spelling of one address, and itself for a key.

    Without fragment, credentials, default port, tracking parameters, session, trailing slash, the host's `www.`, `m.`,
    `wap.` and `amp.`, and AMP's marks in the path; AMP caches unwrapped; host in lower-case punycode; parameters
    sorted; escapes in one form (w3lib). `http` counts as `https` where the host is a name and the port the default.

    Args:
        url: absolute; anything that is not `http` or `https`, cannot be split, or is longer than any address that is
            asked, comes back stripped and otherwise as it is.
    """
    url = url.strip()
    return url if len(url) > URL_CHARACTERS else _key_of(url)


@lru_cache(maxsize=4096)  # a page's own is asked for three times on its way
def _key_of(url: str) -> str:
    key = url
    for _ in range(_PASSES):
        before, key = key, _stripped(key)
        if key == before:
            break
    return key


def canonical_of(page_url: str, declared: str | None) -> str:
    """Return the canonical URL of a page that declares one (`rel=canonical`, `og:url`).

    The declared one counts where it is on the page's own site and not that site's home page, which broken templates
    declare on every page.

    Args:
        page_url: where the page was fetched, absolute, after redirects.
        declared: as written in the page, possibly relative; None for none.
    """
    own, declared = canonical_url(page_url), (declared or "").strip()
    if not declared or len(declared) > URL_CHARACTERS:
        return own
    try:
        said = canonical_url(urljoin(page_url if len(page_url) <= URL_CHARACTERS else "", declared))
        parts = urlsplit(said)
    except ValueError:
        return own
    home = _HOME.fullmatch(parts.path) and not parts.query
    same = parts.scheme in {"http", "https"} and site(parts.hostname or "") == site(host_of(own))
    return said if same and not home else own


def host_of(url: str) -> str:
    """Return the host of a URL in lower case; empty where there is none.

    Without its port: this says whose a page is. Manners are kept per `web.netloc_of`, which has it.
    """
    try:
        return urlsplit(url.strip()[:URL_CHARACTERS]).hostname or ""
    except ValueError:
        return ""


def site(host: str) -> str:
    """Return the name under which one publisher runs its hosts: `tech.sina.com.cn` gives `sina.com.cn`.

    By the Public Suffix List as tldextract ships it, private suffixes included (two blogs of `github.io` are two
    sites); an address or a host without a known suffix is its own site.
    """
    return _suffixes()(host).top_domain_under_public_suffix or host


def _stripped(url: str) -> str:
    try:
        parts = urlsplit(canonicalize_url(_unwrapped(url)))
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


def _unwrapped(url: str) -> str:
    while found := _AMP_CACHE.match(url):
        url = ("https://" if found[1] else "http://") + url[found.end() :]
    return url


def _bare_host(host: str) -> str:
    host = host.strip(".")
    while found := _HOST_PREFIX.match(host):
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
