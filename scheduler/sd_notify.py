"""Signs of life: to systemd over its socket, and to a health check over HTTP. Neither ever fails a run."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import urllib.request
from contextlib import suppress
from http.client import HTTPException

PING_SECONDS = 5.0

log = logging.getLogger("houxu")


def notify(said: str) -> None:
    """Tell systemd (`READY=1`, `WATCHDOG=1`, `STOPPING=1`); nothing happens where nobody listens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as speaker:
        speaker.settimeout(1)
        speaker.sendto(said.encode(), address)


def watchdog_seconds() -> float | None:
    """Return how long systemd waits for a `WATCHDOG=1` before it takes us for dead; None where it does not watch us."""
    said, pid = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID")
    if not said.isdecimal() or int(said) == 0 or pid not in {None, str(os.getpid())}:
        return None
    return int(said) / 1e6


async def ping(url: str | None, what: str | int) -> None:
    """Ask for `url/what`: `start` where a crawl begins, its exit code where it ends; any failure is only logged.

    That is how healthchecks.io and its kin are spoken to.
    """
    if url is None:
        return
    try:
        await asyncio.to_thread(_get, f"{url.rstrip('/')}/{what}")
    except (OSError, ValueError, HTTPException) as error:
        log.warning("the health check at %s could not be told: %s", url, error)


def _get(url: str) -> None:
    if not url.startswith(("http://", "https://")):
        raise ValueError("a health check is asked over http or https")
    with urllib.request.urlopen(url, timeout=PING_SECONDS) as answer:  # noqa: S310 checked above
        answer.read(1000)
