"""Why no answer came, in a few plain words, and whether our own network may be to blame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scrapy.exceptions import DownloadCancelledError, IgnoreRequest

from crawler.middlewares.network import in_words, is_network
from crawler.middlewares.refusals import CrawlStops, HostWaits, RobotsDenied, RobotsUnavailable

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Failed:
    """What a failure means for the crawl.

    Attributes:
        reason: for people.
        network: no answer came at all; when no host answers, it is our network and nothing is written.
        blocked: a rule forbids the request, and asking again will not help.
        robots: that rule is robots.txt.
        stopped: the crawl ended first: as if it had not been asked.
        until: not before then.
    """

    reason: str
    network: bool = False
    blocked: bool = False
    robots: bool = False
    stopped: bool = False
    until: datetime | None = None


def explain(error: BaseException) -> Failed:
    """Return what an exception of a download means."""
    match error:
        case RobotsUnavailable():
            return Failed(str(error), network=error.network, robots=True)
        case HostWaits():
            return Failed(str(error), until=error.until)
        case CrawlStops():
            return Failed(str(error), stopped=True)
        case IgnoreRequest():  # AddressRefused, RobotsDenied and Scrapy's own
            return Failed(str(error) or type(error).__name__, blocked=True, robots=isinstance(error, RobotsDenied))
        case DownloadCancelledError():
            return Failed("the answer is larger than DOWNLOAD_MAXSIZE", blocked=True)
        case ValueError():  # what Scrapy says of an address that it cannot make a request of
            return Failed("led to no address of the web", blocked=True)
    return Failed(in_words(error), network=is_network(error))
