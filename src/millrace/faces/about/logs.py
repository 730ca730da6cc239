"""Where the log of a command goes: a file in the workspace, so that stderr stays readable."""

import logging
from logging.handlers import RotatingFileHandler

from millrace.core.workspace import Workspace

LARGEST, KEPT = 5_000_000, 3  # [bytes], files
LINE = "%(asctime)s %(process)d %(levelname)s %(name)s %(message)s"


def to_file(workspace: Workspace) -> None:
    """Send Millrace's log to `logs/millrace.log` of the workspace, from its 'log_level' up."""
    logger = logging.getLogger("millrace")
    for old in [h for h in logger.handlers if isinstance(h, RotatingFileHandler)]:
        logger.removeHandler(old)
        old.close()
    path = workspace.folder("logs") / "millrace.log"
    handler = RotatingFileHandler(
        path, maxBytes=LARGEST, backupCount=KEPT, encoding="utf-8", delay=True
    )
    handler.setFormatter(logging.Formatter(LINE))
    logger.addHandler(handler)
    logger.setLevel(workspace.settings.log_level.upper())
