"""Discovery delay of the cadence beside the peers' rules, at equal numbers of polls, in a simulator.

The simulator is a Python file that offers `synth`, `evaluate`, `tune`, `fixed`, `miniflux`, `sqrt_static` and `ours`
(an index policy, which with `lam_true` knows the true rates). It is not part of houxu. The ratios are those of the mean
delay to each rule's, of the 95th percentile to that of fixed polling, of the polls made to the budget.
"""

from __future__ import annotations

import importlib.util
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.adapters import polls
from tests.bench.tables import Skipped, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

SIMULATOR = Path(__file__).parents[2] / "../shared/bench/polling/sim.py"
SEEDS = (101, 102, 103)
GAPS = (240, 60, 30, 15)
"""Minutes between two polls of a source, on average."""

DAY = 1440
DAYS = 42
WARM_UP = 14
"""Days that are simulated and not counted."""


def simulator(path: Path) -> Any:
    """Load the simulator's module."""
    spec = importlib.util.spec_from_file_location("simulator", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path}: not a Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def compare(sim: Any, seed: int, gap: int) -> dict[str, float]:
    """Return the ratios for one world and a budget of a poll a source in `gap` minutes."""
    arrivals, true_rates, groups, end = sim.synth(seed)
    start, sources = WARM_UP * DAY, len(arrivals)
    wanted = int(sources * (DAYS - WARM_UP) * DAY / gap)

    def measure(times: Any) -> dict[str, float]:
        return dict(sim.evaluate(arrivals, times, end, start))

    def miniflux(factor: float) -> Any:
        return sim.miniflux(arrivals, end, factor)

    def square_root(price: float) -> Any:
        return sim.sqrt_static(arrivals, end, price)

    began = time.process_time()
    mine = polls([list(times) for times in arrivals], DAYS, gap, groups)
    spent = time.process_time() - began
    ours = measure(mine)
    fixed = measure(sim.fixed(arrivals, end, gap))
    entry_frequency = measure(miniflux(sim.tune(miniflux, wanted, 0.01, 200, arrivals, end, start)))
    root = measure(square_root(sim.tune(square_root, wanted, 0.01, 5000, arrivals, end, start, inc=False)))
    budget = sources * DAY / gap
    for _ in range(3):
        known = measure(sim.ours(arrivals, end, budget, groups, lam_true=true_rates, burst=True, glob=False))
        budget *= wanted / known["polls"]
    return {
        "seed": seed,
        "budget": gap,
        "mean": float(ours["mean"]),
        "to_miniflux": round(float(ours["mean"] / entry_frequency["mean"]), 3),
        "to_square_root": round(float(ours["mean"] / root["mean"]), 3),
        "to_known_rates": round(float(ours["mean"] / known["mean"]), 3),
        "p95_to_fixed": round(float(ours["p95"] / fixed["p95"]), 3),
        "polls_to_budget": round(ours["polls"] / wanted, 4),
        "lost_percent": float(ours["lost_pct"]),
        "cpu_ms_a_poll": round(1000 * spent / sum(map(len, mine)), 2),
    }


def run(quick: bool) -> Iterator[Table]:
    """Yield one line per world and budget."""
    if not SIMULATOR.is_file():
        raise Skipped(f"nothing to measure on: {SIMULATOR} is not here")
    sim = simulator(SIMULATOR)
    figures = [compare(sim, seed, gap) for gap in ((60,) if quick else GAPS) for seed in ((101,) if quick else SEEDS)]
    yield Table("worlds of the simulator", list(figures[0]), [list(line.values()) for line in figures])
