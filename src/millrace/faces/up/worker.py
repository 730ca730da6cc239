"""One worker process, as the supervisor starts it."""

import json
import sys

from millrace.faces.up.orphan import follow_parent


def main() -> None:
    """Work on the jobs of a workspace, and begin those that are due, until SIGTERM."""
    from millrace.drivers.schedule.ticker import ticking
    from millrace.stores.jobs.workers import main as work

    follow_parent()
    work(sys.argv[1], json.loads(sys.argv[2]), ticking)


if __name__ == "__main__":
    main()
