"""houxu browse: the corpus in a web browser, by Datasette, read-only, with pages of our own in front."""

from __future__ import annotations

import errno
import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.corpus.store import Corpus
from crawler.errors import MissingExtra, NotServed

if TYPE_CHECKING:
    from collections.abc import Callable

    from datasette.app import Datasette

HERE = Path(__file__).parent

SETTINGS = {
    "sql_time_limit_ms": 5000,  # a count over 100,000 articles takes 0.3 s
    "max_returned_rows": 500,  # 500 of 200,000 Chinese characters each took 3 GB, and may still
    "truncate_cells_html": 160,
    "suggest_facets": False,  # tries every column of every table
    "allow_download": False,  # a copy of a live WAL file is malformed: houxu backup
    "default_page_size": 50,
}


def build(path: Path | str) -> Datasette:
    """Return the application over one corpus.

    Raises:
        CorpusMissing: there is none at `path`.
        CorpusError: it cannot be read.
        MissingExtra: Datasette is not installed.
    """
    try:
        from datasette.app import Datasette
        from datasette.plugins import pm
    except ImportError as error:
        raise MissingExtra("browse", "browse") from error
    from crawler.browse import plugin
    from crawler.browse.datasette_metadata import metadata

    with Corpus(path, read_only=True) as corpus:
        file, topic = corpus.path, corpus.meta("topic_id") or "corpus"
    if not pm.is_registered(plugin):
        pm.register(plugin, name="houxu-browse")
    made = Datasette(
        [str(file)],
        metadata=metadata(file.stem, topic),
        template_dir=str(HERE / "templates"),
        static_mounts=[("houxu", str(HERE / "static"))],
        settings=SETTINGS,
    )
    made.houxu_path = file
    made.houxu_topic = topic
    return made


def serve(
    path: Path | str,
    port: int = 8001,
    host: str = "127.0.0.1",
    told: Callable[[str], object] = lambda _url: None,
) -> None:
    """Serve a corpus until interrupted.

    Args:
        path: the corpus.
        port: TCP port; 0 lets the system choose.
        host: address to listen on. On loopback it answers to this machine's own names alone (asking.py); another shows
            the corpus to whoever reaches it.
        told: called with the URL as soon as it can be opened.

    Raises:
        CorpusMissing: there is none at `path`.
        CorpusError: it cannot be read.
        MissingExtra: Datasette is not installed.
        NotServed: nothing can listen on that address and port, or the pages cannot be made.
        KeyboardInterrupt: Ctrl-C ended it.
    """
    made = build(path)
    import uvicorn

    from crawler.browse.access import guarded

    with _listening(host, port) as listener:
        real = listener.getsockname()[1]
        told(f"http://[{host}]:{real}/" if ":" in host else f"http://{host}:{real}/")
        server = uvicorn.Server(
            uvicorn.Config(guarded(made.app(), host), host=host, port=real, log_level="warning", lifespan="on")
        )
        with suppress(SystemExit):  # with 3, which is said of something else
            server.run(sockets=[listener])
        if not server.started:
            raise NotServed(host, real, "the pages could not be made, for the reason above")


def _listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens, by IPv4 where a name has both."""
    try:
        family, *_kind, address = min(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        return socket.create_server(address, family=family)
    except (socket.gaierror, UnicodeError):
        raise NotServed(host, port, "this name has no address") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise NotServed(host, port, "another program listens there; --port names another, 0 a free one") from None
        reason = (
            "this machine has no such address" if error.errno == errno.EADDRNOTAVAIL else os.strerror(error.errno or 0)
        )
        raise NotServed(host, port, reason) from None
