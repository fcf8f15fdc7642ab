"""What the rooms cost at a cold start: import times in fresh interpreters, against the drivers'.

`make startup` runs it. It measures and, with --check, judges the budgets; tests/test_imports.py
holds the rule of imports that keeps them. Never a test: times on a busy machine prove nothing.

Each measurement is an interpreter of its own, and the rows take turns, so that a busy moment falls
on all of them. It looks like a Lambda: no `site`, hence neither the editable install's finder nor
another hook of the development environment has imported anything beforehand. The clock runs
inside, around the import alone.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("batching", "client", "costs", "local", "proxy")

# Nothing listens on port 1, so nothing that an import starts in the background leaves this machine.
UNREACHABLE = "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100"

# os._exit: what an import started in the background is not waited for.
PROGRAM = """
import os, sys, time
sys.path[:0] = sys.argv[2:]
start = time.perf_counter()
__import__(sys.argv[1])
elapsed = time.perf_counter() - start
print(elapsed * 1000, flush=True)
os._exit(0)
"""

MODULES = (
    "motorpool.client",
    "pymongo",
    "motorpool.proxy.handler",
    "motor.motor_asyncio",
    "motorpool.batching",
    "bson",
    "pydantic",
    "aioboto3",
)


@dataclass(frozen=True, kw_only=True)
class Budget:
    """A room's import time may be at most so many times that of a driver."""

    module: str
    against: str
    at_most: float
    aim: float | None = None


# The design's numbers ("What the rooms may cost at a cold start").
BUDGETS = (
    Budget(module="motorpool.client", against="pymongo", at_most=0.5),
    Budget(module="motorpool.proxy.handler", against="motor.motor_asyncio", at_most=1.5, aim=1.25),
)


@dataclass(frozen=True, kw_only=True)
class Spread:
    """The median of some measurements, and how far they lay apart."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> "Spread":
        """Sum up at least one measurement."""
        return cls(median=statistics.median(values), low=min(values), high=max(values))


def main() -> int:
    """Measure, print, and return the exit code: 1 where --check finds a budget missed."""
    options = parse_arguments()
    times = measure(options.runs)
    ratios = {
        budget: Spread.of(
            [
                mine / theirs
                for mine, theirs in zip(times[budget.module], times[budget.against], strict=True)
            ]
        )
        for budget in BUDGETS
    }
    report(times, ratios, options.runs)
    if options.json:
        write_json(options.json, times, ratios, options.runs)
    missed = [budget for budget, ratio in ratios.items() if ratio.median > budget.at_most]
    return 1 if options.check and missed else 0


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Measure what the rooms cost at a cold start.")
    parser.add_argument("--runs", type=at_least_one, default=15, help="interpreters for each row")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers there, too")
    parser.add_argument(
        "--check", action="store_true", help="exit with code 1 where a budget is missed"
    )
    return parser.parse_args()


def at_least_one(text: str) -> int:
    """Read a number of runs."""
    runs = int(text)
    if runs < 1:
        raise argparse.ArgumentTypeError("at least one run is needed")
    return runs


def measure(runs: int) -> dict[str, list[float]]:
    """Return each module's import times in milliseconds, in the order of the rounds."""
    times: dict[str, list[float]] = {module: [] for module in MODULES}
    with search_path() as path:
        # The round before the first writes the compiled files and fills the disk's cache.
        for number in range(runs + 1):
            for module, row in times.items():
                elapsed = import_once(module, path)
                if number:
                    row.append(elapsed)
            progress(number, runs)
    return times


@contextlib.contextmanager
def search_path() -> Iterator[list[str]]:
    """Where a fresh interpreter finds the rooms and what is installed, and nothing else."""
    with tempfile.TemporaryDirectory(prefix="motorpool-startup-") as farm:
        namespace = Path(farm) / "motorpool"
        namespace.mkdir()
        for room in ROOMS:
            (namespace / room).symlink_to(ROOT / room)
        yield [farm, *{sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}]


def import_once(module: str, path: list[str], program: str = PROGRAM) -> float:
    """Import a module in a fresh interpreter and return how many milliseconds it took.

    Or whatever number `program` prints instead.
    """
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("MOTORPOOL_")
    }
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, module, *path],
        env=environment | {"MOTORPOOL_MONGODB_URI": UNREACHABLE},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"cannot import {module}:\n{done.stderr}")
    return float(done.stdout)


def progress(number: int, runs: int) -> None:
    """Say on a terminal how far the measurement is; elsewhere nothing."""
    if sys.stderr.isatty():
        end = "\n" if number == runs else ""
        print(f"\rround {number} of {runs}", end=end, file=sys.stderr, flush=True)


def report(times: dict[str, list[float]], ratios: dict[Budget, Spread], runs: int) -> None:
    """Print both tables."""
    version = ".".join(map(str, sys.version_info[:3]))
    print(f"import time in a fresh interpreter, ms (Python {version}, {runs} runs)\n")
    print(f"{'module':<26}{'median':>9}{'min':>9}{'max':>9}")
    for module, row in times.items():
        spread = Spread.of(row)
        print(f"{module:<26}{spread.median:>9.1f}{spread.low:>9.1f}{spread.high:>9.1f}")
    print(f"\n{'ratio, round by round':<46}{'median':>8}{'min':>7}{'max':>7}  budget")
    for budget, ratio in ratios.items():
        name = f"{budget.module} : {budget.against}"
        print(
            f"{name:<46}{ratio.median:>8.2f}{ratio.low:>7.2f}{ratio.high:>7.2f}"
            f"  {verdict(budget, ratio.median)}"
        )


def verdict(budget: Budget, ratio: float) -> str:
    """Say whether a ratio keeps its budget, and its aim where there is one."""
    if ratio > budget.at_most:
        return f"MISSED (at most {budget.at_most})"
    if budget.aim is None:
        return f"kept (at most {budget.at_most})"
    aim = "met" if ratio <= budget.aim else "not met"
    return f"kept (at most {budget.at_most}; aim {budget.aim} {aim})"


def write_json(
    path: Path, times: dict[str, list[float]], ratios: dict[Budget, Spread], runs: int
) -> None:
    """Write every measurement and what was made of it."""
    document = {
        "python": sys.version,
        "runs": runs,
        "milliseconds": {
            module: {**asdict(Spread.of(row)), "all": row} for module, row in times.items()
        },
        "ratios": [{**asdict(budget), **asdict(ratio)} for budget, ratio in ratios.items()],
    }
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
