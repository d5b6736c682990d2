"""What every kind's parser needs of a source's answer: its text, its XML, its JSON, and URLs fit to be leads."""

from __future__ import annotations

import html
import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from lxml import etree

from crawler.errors import SourceError
from crawler.isolation.worker_thread import in_own_thread
from crawler.limits import ANSWER_BYTES, URL_CHARACTERS
from crawler.text import charset
from crawler.text.folding import clean
from crawler.text.web_addresses import without_credentials

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crawler.model import Source

LONGEST_TITLE = 500

_DECLARATION = re.compile(r"\A\s*(?:<\?xml[^>]{0,200}\?>\s*)?", re.IGNORECASE)
_TAG = re.compile(
    r"<(?P<name>script|style)\b.{0,400}?</(?P=name)>|</?[a-z][^<>]{0,2000}>|<!--.{0,400}?-->", re.DOTALL | re.IGNORECASE
)
_STRAY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});)")
_REFERENCE = re.compile(r"&(?:[a-zA-Z][a-zA-Z0-9]{1,31}|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});")
_LONG_NAMESPACE = re.compile(r"""(?<![^\s=<>"'/])xmlns[^\s=<>"'/]*+\s*+=\s*+(?:"[^"]{1001}|'[^']{1001})""")
"""It stands in the name of every element: one of 100 kB made 540 MB of 130 kB. Looked for where a name begins: at each
xmlns of xmlnsxmlns..., 100 kB took 19 s."""

_HTML = re.compile(r"(?:<!--.{0,2000}?-->\s*)?<(?:!doctype\s+html|html|head|body|script)\b", re.IGNORECASE | re.DOTALL)
_OWN_DTD = re.compile(r"(?>\s+|<!--.*?-->|<\?.*?\?>)*+<!DOCTYPE[^>\[]*\[", re.IGNORECASE | re.DOTALL)
_SURROGATE = re.compile(  # &#55296; to &#57343;, &#xD800; to &#xDFFF;
    r"&#(?:0*(?:5529[6-9]|55[3-9]\d\d|56\d{3}|57[0-2]\d\d|573[0-3]\d|5734[0-3])|[xX]0*[dD][89a-fA-F][0-9a-fA-F]{2});",
    re.ASCII,
)
_MARKUP = {"<", ">", "&", '"', "'"}
_INSIDE_URL = re.compile(r"[\t\r\n]+")


_CORE = {
    "http://www.w3.org/2005/atom",
    "http://purl.org/atom/ns",
    "http://purl.org/rss/1.0",
    "http://my.netscape.com/rdf/simple/0.9",
    "http://channel.netscape.com/rdf/simple/0.9",
    "http://backend.userland.com/rss2",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns",
    "http://www.sitemaps.org/schemas/sitemap/0.9",
}


def decoded(body: bytes, headers: Mapping[str, str], source: Source) -> tuple[str, str]:
    """Return an answer's text, without what no database can hold, and the encoding it was in.

    Raises:
        SourceError: it is empty or larger than `ANSWER_BYTES`.
    """
    if len(body) > ANSWER_BYTES:
        raise SourceError(source.id, f"the answer has {len(body)} bytes, more than {ANSWER_BYTES}")
    text, name = charset.decode(body, headers)
    text = clean(text).strip()
    if not text:
        raise SourceError(source.id, "the answer is empty")
    return text, name


def xml_text(text: str, source: Source) -> str:
    """Return an XML document from its first tag on, without its declaration.

    Raises:
        SourceError: it is an HTML page, has no tag, brings a DTD of its own, or a namespace longer than any is.
    """
    text = _DECLARATION.sub("", text, count=1)
    if _HTML.match(text):
        raise SourceError(source.id, "the answer is an HTML page")
    start = text.find("<")
    if start < 0:
        raise SourceError(source.id, f"the answer is neither XML nor HTML: {excerpt(text)}")
    if _OWN_DTD.match(text, start):
        raise SourceError(source.id, "the XML brings a DTD of its own, which no feed needs: refused")
    _refuse_long_namespace(text, source)
    return text[start:]


def _refuse_long_namespace(text: str, source: Source) -> None:
    if _LONG_NAMESPACE.search(text):
        raise SourceError(source.id, "the XML has a namespace of more than 1,000 characters: refused")


def xml_root(text: str, source: Source) -> etree._Element:
    """Return the root of what `xml_text` gave, mended where it is not well-formed: stray `&`, HTML's entities, cut off.

    Nothing is ever loaded or expanded.

    Raises:
        SourceError: it cannot be mended, or a namespace that is too long came of that.
    """
    for recover, document in ((False, text), (True, _mended(text))):
        _refuse_long_namespace(document, source)
        try:
            root = in_own_thread(_root, document.encode(), recover=recover)
        except etree.XMLSyntaxError:
            continue
        if root is not None:
            return root
    raise SourceError(source.id, f"the answer is no XML: {excerpt(text)}")


def json_value(text: str, source: Source, *, more: bool = False) -> Any:
    """Return the value of a JSON text; raw control characters inside strings are let pass.

    Args:
        text: the JSON.
        source: whose answer it is.
        more: what follows the value is not looked at: the end of a call or of a script.

    Raises:
        SourceError: it is no JSON, nests too deeply, or holds a number of thousands of digits.
    """
    try:
        decoder = json.JSONDecoder(strict=False)
        return decoder.raw_decode(text.lstrip())[0] if more else decoder.decode(text)
    except (ValueError, RecursionError) as error:
        raise SourceError(source.id, f"the answer is no JSON: {excerpt(text)}") from error


def web_url(href: str, base: str) -> str | None:
    """Return a link as an absolute http(s) URL, None when it leads where no crawl may go: javascript:, data:, file:.

    A base longer than any address is none: joining a thousand links with one of 470 kB took 14 s.
    """
    href = _INSIDE_URL.sub("", clean(href).strip())
    if not href or len(href) > URL_CHARACTERS:
        return None
    try:
        url = urljoin(base if len(base) <= URL_CHARACTERS else "", href)
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # a bad port, a bad IPv6 address
        return None
    return without_credentials(url).replace(" ", "%20") if usable and len(url) <= URL_CHARACTERS else None


def line(text: str) -> str:
    """Return a text as one line without NUL and lone surrogates, cut to the length of a title."""
    return " ".join(clean(text).split())[:LONGEST_TITLE].rstrip()


def plain(markup: str) -> str:
    """Return the words of a title that may hold HTML, escaped once or twice: tags out, entities resolved, one line."""
    text = markup[: LONGEST_TITLE * 4]
    if "<" not in text and "&" not in text:
        return line(text)
    for _ in range(2):
        text = html.unescape(_TAG.sub("", text.replace("<br", " <br")))
    return line(_TAG.sub("", text))


def excerpt(text: str) -> str:
    """Return how a text begins, for a message."""
    return repr(line(text[:200])[:60])


def name_of(element: etree._Element) -> str:
    """Return an element's name in lower case, bare in RSS, Atom and sitemaps, else with its prefix; "" for no element.

    Prefixes are what everybody writes (content, dc, sy, news, media); namespaces differ in case, slash and version.
    """
    tag: object = element.tag  # a function where the "element" is a comment or an entity
    return _name(tag, element.prefix) if isinstance(tag, str) else ""


@lru_cache(maxsize=1024)
def _name(tag: str, prefix: str | None) -> str:
    space, _, name = tag.rpartition("}")
    if prefix and space[1:].lower().rstrip("/#") not in _CORE:
        name = f"{prefix}:{name}"
    return name.lower()


class Parts:
    """An element's children by name."""

    def __init__(self, element: etree._Element | None) -> None:
        self._named: dict[str, list[etree._Element]] = {}
        for child in element if element is not None else ():
            self._named.setdefault(name_of(child), []).append(child)

    def all(self, *names: str) -> list[etree._Element]:
        """Return the children of these names, the names in order of preference."""
        return [child for name in names for child in self._named.get(name, ())]

    def one(self, name: str) -> etree._Element | None:
        """Return the first child of that name."""
        return next(iter(self._named.get(name, ())), None)

    def text(self, *names: str) -> str:
        """Return the text of the first child of these names that has one."""
        return next((text for child in self.all(*names) if (text := words(child))), "")


def words(element: etree._Element) -> str:
    """Return all text inside an element, stripped."""
    return "".join(map(str, element.itertext())).strip()


def _root(document: bytes, *, recover: bool) -> etree._Element | None:
    parser = etree.XMLParser(
        encoding="utf-8",
        recover=recover,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
        strip_cdata=True,
    )
    return etree.fromstring(document, parser)


def _mended(text: str) -> str:
    """Escape what libxml2 would throw away together with the words around it, CDATA sections excepted."""
    text = _SURROGATE.sub("", text)  # libxml2 would make of it a name or text that is no UTF-8
    mended, start = [], 0
    while (opens := text.find("<![CDATA[", start)) >= 0 and (closes := text.find("]]>", opens)) >= 0:
        mended += [_escaped(text[start:opens]), text[opens : closes + 3]]
        start = closes + 3
    whole = "".join([*mended, _escaped(text[start:])])
    return _SURROGATE.sub(" ", whole)  # taking one thing out may join two halves of another


def _escaped(text: str) -> str:
    return _STRAY.sub("&amp;", _REFERENCE.sub(_character, text))


def _character(found: re.Match[str]) -> str:
    """Return the character a reference names, nothing for what XML forbids; what is markup stays a reference."""
    character = html.unescape(found[0])
    return found[0] if character in _MARKUP else clean(character).replace("\ufffd", "")
