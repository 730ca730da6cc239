"""End a child process whose supervisor is gone, so that nothing is left running."""

import os
import signal
import threading
import time

EVERY = 1.0  # [s]


def follow_parent() -> None:
    """End this process by SIGTERM when its parent dies."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(EVERY)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="follow-parent", daemon=True).start()
