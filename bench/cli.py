"""CPU time of the command line: the whole help, the list of ops, one command's own help.

Run: `python bench/cli.py`. Each command runs in a fresh process; the figure is the least user +
system CPU time of its runs, which a busy machine disturbs least. Claims: `--help` and `ops` take
at most 0.35 CPU-s, one command's own `--help` at most 0.8. Exits 1 when a claim does not hold.
"""

import argparse
import json
import os
import resource
import subprocess
import sys

from millrace.core import catalog

LIMITS = {"--help": 0.35, "ops": 0.35, "own help": 0.8}


def cpu_of(words: list[str]) -> float:
    """Return the CPU seconds of one command in a fresh process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "millrace", *words],
        stdout=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def least(words: list[str], runs: int) -> float:
    """Return the least CPU seconds of several runs, after one that fills the caches."""
    cpu_of(words)
    return min(cpu_of(words) for _ in range(runs))


def main() -> int:
    """Measure, print one JSON object, and say whether the claims hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="runs of each command")
    runs: int = parser.parse_args().runs
    helps = {
        name: least([*name.replace("_", "-").split("."), "--help"], runs)
        for name in sorted(catalog.scan())
    }
    slowest = max(helps, key=lambda name: helps[name])
    found = {
        "--help": least(["--help"], runs),
        "ops": least(["ops"], runs),
        "own help": helps[slowest],
    }
    holds = {name: found[name] <= limit for name, limit in LIMITS.items()}
    report = {
        "cpu_seconds": {name: round(value, 3) for name, value in found.items()},
        "limits": LIMITS,
        "slowest_help": slowest,
        "ops": len(helps),
        "holds": all(holds.values()),
    }
    print(json.dumps(report, indent=2))
    return 0 if all(holds.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
