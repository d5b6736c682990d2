"""Pictures of the pages of `houxu browse`, of the demo's file: `python -m tests.support.screens` writes docs/screens/.

Needs Chromium (`chromium` on the path), and the extra `browse`.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tests.support.docs import ROOT, crawl_demo

SCREENS = ROOT / "docs" / "screens"
PAGES = {"front": "/"}
"""Name of the picture -> the page."""

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


def wait_for(url: str, seconds: float = 30.0) -> None:
    """Wait until a server answers."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urlopen(url, timeout=5):  # noqa: S310 our own server
                return
        except (URLError, ConnectionError):
            time.sleep(0.1)
    raise TimeoutError(url)


def shoot(url: str, picture: Path, *, width: int = 1280, height: int = 900, dark: bool = False) -> None:
    """Take a picture of a page.

    Args:
        url: the page.
        picture: the PNG to write.
        width: of the window, in pixels.
        height: likewise.
        dark: as a reader sees it who prefers dark colours.
    """
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        raise FileNotFoundError("no Chromium on the path: apt-get install chromium")
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [
                chromium,
                *FLAGS,
                f"--user-data-dir={profile}",
                f"--window-size={width},{height}",
                f"--screenshot={picture}",
                *(["--blink-settings=preferredColorScheme=0"] if dark else []),
                url,
            ],
            check=True,
            capture_output=True,
            timeout=90,
        )


def main() -> None:
    """Write every picture."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        db, port = Path(folder) / "demo.db", free_port()
        crawl_demo(db)
        command = [sys.executable, "-m", "crawler.cli", "browse", "--db", str(db), "--port", str(port)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
            try:
                wait_for(f"http://127.0.0.1:{port}/")
                for name, page in PAGES.items():
                    shoot(f"http://127.0.0.1:{port}{page}", SCREENS / f"{name}.png")
            finally:
                server.terminate()


if __name__ == "__main__":
    main()
