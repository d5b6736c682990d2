"""The price of a poll: what makes all sources together keep the request budget.

At a constant rate l and price mu the best gap is sqrt(2 mu / l), so a source asks for sqrt(l) / sqrt(2 mu) polls a
minute, within its least and longest gap. Summed over all sources that falls as mu rises: one price meets the budget, it
is the same for everybody and at every hour, and no installation has to tune it (the Lagrange multiplier of the budget).

The sum is a forecast; bursts, profiles of the hour, ticks and cron's minutes make real polls more or fewer. Their ratio
over the last days corrects it. A poll is weighed against the time since the one before only as far as its planned gap
and an hour more: a night that the machine slept through does not look like thrift.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from scheduler.rates import DAY

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

MEMORY_DAYS = 3.0
PRIOR_POLLS = 20.0
"""The forecast is taken to be right for as long as it takes to make so many polls."""

SLACK = 60.0
ROOT_RANGE = 1e-3, 1e6
BISECTIONS = 25


@dataclass(slots=True)
class Market:
    """Who asks for polls, and how well the forecast of their number held.

    Attributes:
        demand: source id -> its root (mean of sqrt(rate times weight)), least and longest gap in minutes.
        made: fading number of polls made.
        foretold: fading number that was foretold for the same time.
    """

    demand: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    made: float = PRIOR_POLLS
    foretold: float = PRIOR_POLLS

    @classmethod
    def load(cls, said: Mapping[str, Any]) -> Market:
        """Return what `dump` wrote; an empty mapping is a new market."""
        demand = {
            key: (float(root), float(least), float(most)) for key, (root, least, most) in said.get("demand", {}).items()
        }
        return cls(demand, said.get("made", PRIOR_POLLS), said.get("foretold", PRIOR_POLLS))

    def dump(self) -> dict[str, Any]:
        """Return JSON values."""
        return {"demand": self.demand, "made": self.made, "foretold": self.foretold}

    def keep(self, alive: Collection[str]) -> None:
        """Forget sources that are gone or fail: what they do not ask for is there for the others."""
        self.demand = {key: value for key, value in self.demand.items() if key in alive}

    def root(self, polls_per_day: float, sources: int) -> float:
        """Return sqrt(2 mu) for the price mu at which so many sources make `polls_per_day` polls.

        Sources that never asked yet are taken to be like those that did.
        """
        if not self.demand:
            return 0.0
        roots, least, most = np.array(list(self.demand.values())).T
        demand, fewest, highest = DAY * roots, DAY / most, DAY / least
        unseen = max(1.0, sources / len(roots))
        wanted = polls_per_day / unseen * self.foretold / self.made
        low, high = ROOT_RANGE
        for _ in range(BISECTIONS):
            middle = (low * high) ** 0.5
            if np.minimum(np.maximum(demand / middle, fewest), highest).sum() > wanted:
                low = middle
            else:
                high = middle
        return high

    def record(self, foretold: float, polls_per_day: float) -> None:
        """Note one poll where `foretold` polls were foretold."""
        faded = 1 - 1 / (MEMORY_DAYS * polls_per_day + 1)
        self.made = self.made * faded + 1
        self.foretold = self.foretold * faded + foretold


def polls_a_day(root: float, price_root: float, least: float, most: float) -> float:
    """Return how many polls a day a source asks for: its demand over sqrt(2 mu), within its gaps."""
    return min(max(DAY * root / price_root, DAY / most), DAY / least)
