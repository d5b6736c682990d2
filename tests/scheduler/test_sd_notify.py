"""Signs of life that nobody understands."""

from __future__ import annotations

import asyncio
import socket
import threading

import pytest

from scheduler.sd_notify import ping


@pytest.mark.parametrize("answer", [b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200 + b"\r\n", b""])
def test_a_check_that_speaks_no_http_is_no_error(answer: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """What a health check answers never fails a run: it is logged."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            asked, _address = listener.accept()
            with asked:
                asked.recv(1000)
                asked.sendall(answer)

        serving = threading.Thread(target=serve)
        serving.start()
        asyncio.run(ping(f"http://127.0.0.1:{listener.getsockname()[1]}/uuid", "start"))
        serving.join()
    assert "could not be told" in caplog.text
