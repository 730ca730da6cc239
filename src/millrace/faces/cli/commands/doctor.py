"""Check that this machine can run Millrace, and say what to do where it cannot."""

from millrace.faces.backend.place import location
from millrace.faces.cli.builtin import JSON, WORKSPACE
from millrace.faces.cli.options import Options
from millrace.faces.cli.text import show


def doctor(json: JSON = None, workspace: WORKSPACE = None) -> None:
    """Check that this machine can run Millrace.

    Looks at Python, extras, disk, the workspace, its database and the encoder's weights.
    """
    import typer

    from millrace.faces.about.findings import diagnosis

    options = Options.merge({"workspace": workspace, "json": json})
    found = diagnosis(location(options.workspace), options.flags)
    show(found, as_json=options.json)
    if not found.healthy:
        raise typer.Exit(1)
