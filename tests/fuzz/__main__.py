"""The long run: `python -m tests.fuzz --minutes 60 [TARGET...]`; what it finds goes to tests/fuzz/cases/TARGET/."""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import random
import subprocess
import sys
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path

from tests.fuzz.mutate import MOST_BYTES, mutated, watched
from tests.fuzz.seeds import SEEDS
from tests.fuzz.targets import TARGETS

CASES = Path(__file__).parent / "cases"
MOST_OF_ONE = 3
"""Inputs kept of one finding."""


def main() -> int:
    """Fuzz the targets one after the other, each for as many minutes of CPU; return 1 when anything was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=main.__doc__)
    parser.add_argument("targets", nargs="*", help=f"of {', '.join(TARGETS)}; all by default")
    parser.add_argument("--minutes", type=float, default=60, help="CPU-minutes for each target")
    parser.add_argument("--seed", type=int, default=None, help="of the dice; a random one by default, and printed")
    parser.add_argument("--atheris", action="store_true", help="let atheris drive, guided by coverage")
    asked = parser.parse_args()
    if unknown := sorted({*asked.targets} - {*TARGETS}):
        parser.error(f"no target {', '.join(unknown)}: there are {', '.join(TARGETS)}")
    warnings.simplefilter("error")
    found = 0
    for name in asked.targets or TARGETS:
        if asked.atheris:
            found += _by_atheris(name, asked.minutes)
        else:
            found += fuzz(name, asked.minutes, asked.seed if asked.seed is not None else random.randrange(2**32))
    return 1 if found else 0


def cases(name: str) -> list[bytes]:
    """Return the cases found for a target, ever."""
    return [path.read_bytes() for path in sorted((CASES / name).glob("*"))]


def fuzz(name: str, minutes: float, seed: int) -> int:
    """Mutate the seeds and cases of one target until the time is up; return how many different findings there were."""
    dice = random.Random(seed)
    seeds = [*SEEDS[name], *cases(name)]
    findings: Counter[str] = Counter()
    runs, started = 0, time.process_time()
    while time.process_time() - started < minutes * 60:
        data = mutated(seeds, dice)
        runs += 1
        try:
            watched(name, data)
        except Exception as error:  # noqa: BLE001 every kind of error is what we look for
            where = _where(error)
            findings[where] += 1
            if findings[where] <= MOST_OF_ONE:
                print(f"{name}: {where}: {error}"[:300], "->", _keep(name, data), flush=True)  # noqa: T201
    spent = (time.process_time() - started) / 60
    print(f"{name}: {spent:.1f} CPU-minutes, {runs} inputs, seed {seed}, {len(findings)} findings", flush=True)  # noqa: T201
    return len(findings)


def _where(error: Exception) -> str:
    """Return what tells two findings apart: the kind of the error and the last line of ours that it passed."""
    ours = [
        frame for frame in traceback.extract_tb(error.__traceback__) if f"{os.sep}crawler{os.sep}" in frame.filename
    ]
    return (
        f"{type(error).__name__} at {Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else type(error).__name__
    )


def _keep(name: str, data: bytes) -> str:
    path = CASES / name / hashlib.sha256(data).hexdigest()[:16]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path.relative_to(CASES.parent).as_posix()


_ATHERIS = """
import atheris, sys
with atheris.instrument_imports(include=["crawler", "feedparser", "bs4", "protego", "w3lib"]):
    from tests.fuzz.targets import run
def one(data):
    run(sys.argv[1], data)
atheris.Setup([sys.argv[0], *sys.argv[2:]], one)
atheris.Fuzz()
"""


def _by_atheris(name: str, minutes: float) -> int:
    """Let atheris fuzz one target in a process of its own; 10 seconds and 1 GB an input, as libFuzzer counts."""
    if importlib.util.find_spec("atheris") is None:
        print("atheris is not installed: pip install atheris, or leave --atheris out", file=sys.stderr)  # noqa: T201
        return 1
    corpus = CASES.parent / ".corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    for data in (*SEEDS[name], *cases(name)):
        (corpus / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    kept = CASES / name
    kept.mkdir(parents=True, exist_ok=True)
    limits = ["-timeout=10", "-rss_limit_mb=1000", f"-max_len={MOST_BYTES // 8}"]
    options = [*limits, f"-max_total_time={int(minutes * 60)}", f"-artifact_prefix={kept}/"]
    done = subprocess.run([sys.executable, "-c", _ATHERIS, name, *options, str(corpus)], check=False)
    return 1 if done.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
