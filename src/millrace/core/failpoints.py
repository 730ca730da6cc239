"""Named points at which the crash suite kills the process; nothing happens otherwise."""

import os
import signal
import threading

VARIABLE = "MILLRACE_FAILPOINT"
_seen: dict[str, int] = {}


def failpoint(name: str) -> None:
    """Die or stop here when `MILLRACE_FAILPOINT` is `name:nth:kill|stop`.

    `nth` counts passes in this process from 1. The variable is read at each pass, so the
    cost when it is unset is one dictionary look-up.
    """
    wanted = os.environ.get(VARIABLE)
    if wanted is None:
        return
    point, nth, action = wanted.split(":")
    if point != name:
        return
    _seen[name] = _seen.get(name, 0) + 1
    if _seen[name] != int(nth):
        return
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    # To this very thread: one sent to the process may wait for another, and this one goes on.
    signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)
