"""What a request may carry and an answer may weigh, on every hop.

A request carries no credentials that a link brought along, and after a redirect to another host none of the headers
that were meant for the first. An answer is packed at most twice, and all that come in at once share one budget, which
DOWNLOAD_MAXSIZE (of one answer) leaves unbounded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from scrapy import signals
from scrapy.exceptions import IgnoreRequest, StopDownload

from crawler.limits import ANSWERS_AT_ONCE_BYTES, CONTENT_ENCODINGS, SMALL_ANSWER_BYTES
from crawler.text.web_addresses import without_credentials

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

PLAIN_HEADERS = frozenset({b"Accept", b"Accept-Encoding", b"Accept-Language", b"User-Agent"})
"""What another host may see of a request that was redirected to it."""


class TooMuchPacking(IgnoreRequest):
    """An answer is packed more often than `CONTENT_ENCODINGS`."""

    def __init__(self) -> None:
        super().__init__(f"the answer is packed more than {CONTENT_ENCODINGS} times over")


class EnvelopeMiddleware:
    """Bounds what goes out and what comes in."""

    def __init__(self) -> None:
        self._at_once = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        middleware = cls()
        crawler.signals.connect(middleware.received, signals.bytes_received)
        return middleware

    def process_request(self, request: Request) -> Request | None:
        """Take out of a request what no host should see; a new one goes through all middlewares again."""
        bare = without_credentials(request.url)
        if bare != request.url:
            return request.replace(url=bare)
        if _led_elsewhere(request):
            for name in set(request.headers) - PLAIN_HEADERS:
                del request.headers[name]
        request.meta["received"] = [0]  # shared with the copy that the handler may make
        return None

    def process_response(self, request: Request, response: Response) -> Response:
        """Let an answer pass.

        Raises:
            TooMuchPacking: it is packed more often than anybody needs.
        """
        self._end(request)
        packings = b",".join(response.headers.getlist("Content-Encoding")).count(b",") + 1
        if packings > CONTENT_ENCODINGS:
            raise TooMuchPacking
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:  # noqa: ARG002 Scrapy's signature
        """Give back what a failed answer took of the budget."""
        self._end(request)

    def received(self, data: bytes, request: Request) -> None:
        """Count what comes in.

        Raises:
            StopDownload: all answers together are too large, and this one is large.
        """
        taken = request.meta["received"]
        taken[0] += len(data)
        self._at_once += len(data)
        if self._at_once > ANSWERS_AT_ONCE_BYTES and taken[0] > SMALL_ANSWER_BYTES:
            raise StopDownload(fail=True)

    def _end(self, request: Request) -> None:
        self._at_once -= request.meta.pop("received", [0])[0]


def _led_elsewhere(request: Request) -> bool:
    """Say whether a redirect led this request to another host, or out of https."""
    came_by = request.meta.get("redirect_urls", ())
    here = urlsplit(request.url)
    return any(
        there.netloc.rpartition("@")[2] != here.netloc or (there.scheme == "https" and here.scheme == "http")
        for there in map(urlsplit, came_by)
    )
