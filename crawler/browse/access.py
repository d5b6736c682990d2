"""Who may ask: a page of another site must neither read the corpus through the reader's browser nor keep it busy.

A site may let its own name lead to 127.0.0.1 once its page is loaded (DNS rebinding): to the browser the two are then
one origin, and the page's scripts may read every answer. What such a request cannot hide is the name it was made to.
So a server that only this machine reaches answers to this machine's own names alone, as Jupyter's does
(`check_host`, jupyter_server). One that others are to reach by names of their own answers to all.

And any page may ask for an image at http://127.0.0.1:8001/: it cannot read the answer, but a query that takes a
gigabyte was as good as any. Browsers say who began a request and what for (Fetch Metadata, W3C), on loopback and behind
https: of what another site began only what the reader then sees is answered, a link followed or a window opened.
"""

from __future__ import annotations

from http import HTTPStatus
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from datasette.utils.asgi import Response

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    App = Callable[[Any, Any, Any], Awaitable[None]]

_NAME = (
    "houxu browse answers to localhost and 127.0.0.1 only: a page of another site may have led its own name here. "
    "To be reached by another name, start it with --host and an address that others reach.\n"
)
_SITE = "houxu browse does not answer what a page of another site asks by itself: follow a link, or type the address.\n"


def is_loopback(host: str) -> bool:
    """Say whether a host, with or without a port, can only be this machine: *.localhost, 127.0.0.0/8, [::1]."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or name.endswith(".localhost") or ip_address(name).is_loopback
    except ValueError:
        return False


def is_foreign(headers: Mapping[str, str]) -> bool:
    """Say whether a page of another site began a request whose answer no reader sees.

    Args:
        headers: lower-case names. What is no browser sends none of these, and is nobody's page.
    """
    if headers.get("sec-fetch-site", "none") in {"none", "same-origin"}:
        return False
    return headers.get("sec-fetch-dest") != "document"


def guarded(app: App, listens_on: str) -> App:
    """Return an ASGI application that refuses what a page of another site asks through the reader's browser.

    Args:
        app: what answers the others.
        listens_on: the address it listens on; where that is loopback, requests to another name are refused too.
    """
    only_here = is_loopback(f"[{listens_on}]" if ":" in listens_on else listens_on)

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        asked = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope.get("headers") or ()}
        if scope["type"] != "http":
            await app(scope, receive, send)
        elif only_here and not is_loopback(asked.get("host", "")):
            await Response.text(_NAME, status=HTTPStatus.MISDIRECTED_REQUEST).asgi_send(send)
        elif is_foreign(asked):
            await Response.text(_SITE, status=HTTPStatus.FORBIDDEN).asgi_send(send)
        else:
            await app(scope, receive, send)

    return answer
