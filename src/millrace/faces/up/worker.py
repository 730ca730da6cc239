"""One worker process, as the supervisor starts it."""

import json
import sys

from millrace.faces.up.orphan import follow_parent


def main() -> None:
    """Work on the jobs of a workspace until SIGTERM."""
    from millrace.stores.jobs.workers import main as work

    follow_parent()
    work(sys.argv[1], json.loads(sys.argv[2]))


if __name__ == "__main__":
    main()
