"""houxu browse: the corpus in a web browser, by Datasette, read-only, with pages of our own in front."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from crawler.corpus.store import Corpus
from crawler.errors import MissingExtra

if TYPE_CHECKING:
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
    from crawler.browse.metadata import metadata

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


def serve(path: Path | str, port: int = 8001, host: str = "127.0.0.1") -> None:
    """Serve a corpus until interrupted.

    Args:
        path: the corpus.
        port: TCP port; 0 lets the system choose.
        host: address to listen on. On loopback it answers to this machine's own names alone (asking.py); another shows
            the corpus to whoever reaches it.

    Raises:
        CorpusMissing: there is none at `path`.
        CorpusError: it cannot be read.
        MissingExtra: Datasette is not installed.
    """
    made = build(path)
    import uvicorn

    from crawler.browse.asking import guarded

    uvicorn.run(guarded(made.app(), host), host=host, port=port, log_level="warning", lifespan="on", workers=1)
