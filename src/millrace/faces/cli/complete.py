"""Names for shell completion: read only, and silent when anything is missing.

Read with sqlite3 itself: a key press cannot wait for the stores to be imported (0.5 CPU-s).
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from millrace.core.errors import MillraceError
from millrace.faces.backend.place import location

LIMIT = 100
ARTIFACTS = (
    "SELECT DISTINCT name FROM artifact WHERE project = ? AND kind = ? "
    "AND name LIKE ? ESCAPE '\\' AND deleted_at IS NULL ORDER BY name LIMIT ?"
)
JOBS = (
    "SELECT id FROM job WHERE project = ? AND ? = 'job' AND id LIKE ? ESCAPE '\\' "
    "ORDER BY id DESC LIMIT ?"
)


def artifact_names(kind: str, incomplete: str) -> list[str]:
    """Return names of artifacts of one kind, or ids of jobs, that begin so; here only."""
    from millrace.core.settings import resolve
    from millrace.faces.cli.options import current

    options = current()
    root = Path(location(options.workspace)).expanduser().absolute()
    database = root / "millrace.db"
    if os.environ.get("MILLRACE_URL") or not database.is_file():
        return []
    bare = incomplete.removeprefix(f"{kind}:")
    pattern = bare.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    query = JOBS if kind == "job" else ARTIFACTS
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=0.2)) as it:
            project = resolve(root, options.flags).settings.project
            rows = it.execute(query, (project, kind, pattern, LIMIT)).fetchall()
    except (sqlite3.Error, MillraceError):
        return []
    return [str(row[0]) for row in rows]
