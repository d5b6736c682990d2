"""Who may ask: a page of another site must not read the corpus through the reader's browser.

A site may let its own name lead to 127.0.0.1 once its page is loaded (DNS rebinding): to the browser the two are then
one origin, and the page's scripts may read every answer. What such a request cannot hide is the name it was made to.
So a server that only this machine reaches answers to this machine's own names alone, as Jupyter's does
(`check_host`, jupyter_server). One that others are to reach by names of their own answers to all.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from datasette.utils.asgi import Response

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]

MISDIRECTED = 421
"""RFC 9110, 15.5.20: this server does not answer for that name."""

_REFUSED = (
    "houxu browse answers to localhost and 127.0.0.1 only: a page of another site may have led its own name here. "
    "To be reached by another name, start it with --host and an address that others reach.\n"
)


def is_loopback(host: str) -> bool:
    """Say whether a host, with or without a port, can only be this machine: localhost, 127.0.0.0/8, [::1]."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or name.endswith(".localhost") or ip_address(name).is_loopback
    except ValueError:
        return False


def guarded(app: App, listens_on: str) -> App:
    """Return an ASGI application that refuses requests made to another name, if it listens to this machine alone.

    Args:
        app: what answers the others.
        listens_on: the address it listens on.
    """
    if not is_loopback(f"[{listens_on}]" if ":" in listens_on else listens_on):
        return app

    async def answer(scope: dict[str, Any], receive: Any, send: Any) -> None:
        asked = dict(scope.get("headers") or ()).get(b"host", b"").decode("latin-1")
        if scope["type"] == "http" and not is_loopback(asked):
            await Response.text(_REFUSED, status=MISDIRECTED).asgi_send(send)
        else:
            await app(scope, receive, send)

    return answer
