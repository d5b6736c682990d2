"""Why a request of ours is not sent: the exceptions that middlewares raise and spiders explain.

IgnoreRequest                Scrapy's
  HostWaits                  the host asked for peace, is silent, or had its requests of the day
  CrawlStops                 the crawl is ending
  RobotsDenied               robots.txt forbids the URL
  RobotsUnavailable          robots.txt could not be had
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.exceptions import IgnoreRequest

if TYPE_CHECKING:
    from datetime import datetime


class HostWaits(IgnoreRequest):
    """Nothing is sent to the host before `until`: Retry-After, our back-off, or the day's requests are spent."""

    def __init__(self, host: str, until: datetime, why: str) -> None:
        self.host = host
        self.until = until
        super().__init__(f"{host} {why} until {until:%Y-%m-%d %H:%M} UTC")


class CrawlStops(IgnoreRequest):
    """The crawl is ending: this request is not sent, and its lead stays as it was."""

    def __init__(self) -> None:
        super().__init__("the crawl is ending")


class RobotsDenied(IgnoreRequest):
    """robots.txt forbids `url`."""

    def __init__(self, url: str) -> None:
        self.url = url
        super().__init__("robots.txt forbids it")


class RobotsUnavailable(IgnoreRequest):
    """robots.txt could not be had, which forbids for a while. `network`: no answer came at all."""

    def __init__(self, host: str, reason: str, *, network: bool) -> None:
        self.host = host
        self.network = network
        super().__init__(f"robots.txt of {host} could not be had ({reason})")
