"""One worker process, as the supervisor starts it."""

import json
import sys

from millrace.core.errors import MillraceError
from millrace.faces.up.orphan import follow_parent


def main() -> int:
    """Work on the jobs of a workspace, and begin those that are due, until SIGTERM."""
    from millrace.drivers.schedule.ticker import ticking
    from millrace.stores.jobs.workers import main as work

    follow_parent()
    try:
        work(sys.argv[1], json.loads(sys.argv[2]), ticking)
    except MillraceError as error:
        print(f"Error: {error}", file=sys.stderr)
        return error.exit
    return 0


if __name__ == "__main__":
    sys.exit(main())
