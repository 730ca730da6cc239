"""Install the sample plug-in for this test session, as pip would for a user."""

import sys
from pathlib import Path

from millrace.core import catalog

FOLDER = Path(__file__).parent / "plugin"


def install() -> None:
    """Make the sample plug-in importable and its entry point visible."""
    if str(FOLDER) not in sys.path:
        sys.path.append(str(FOLDER))
        catalog.plugins.cache_clear()
