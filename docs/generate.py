"""Write the generated parts of the docs and the typed stub of the Python face.

`python docs/generate.py` writes; `--check` exits 1 and names what is out of date.
"""

import sys
from pathlib import Path

from pydantic import BaseModel

from millrace.core import catalog
from millrace.core.errors import KINDS
from millrace.core.registry import Op
from millrace.core.settings import PREFIX, Settings
from millrace.faces.python import stub

HERE = Path(__file__).parent
BEGIN, END = "<!-- generated: make docs -->", "<!-- end -->"


def cell(text: object) -> str:
    """Return text that cannot end a table cell."""
    return str(text).replace("|", "\\|").replace("\n", " ")


def fields(model: type[BaseModel]) -> list[str]:
    """Return a table row per field of a params model."""
    rows: list[str] = []
    for name, field in model.model_fields.items():
        value = None if field.is_required() else field.get_default(call_default_factory=True)
        default = "required" if field.is_required() else f"`{value!r}`"
        rows.append(f"| `{name}` | {cell(default)} | {cell(field.description or '')} |")
    return rows


def page_head(ops: list[Op]) -> str:
    """Return what every op of one folder is called, may do and takes."""
    lines: list[str] = []
    for op in ops:
        lines += [
            f"### `{op.name}`",
            "",
            f"{op.summary} ({op.shape}, effect `{op.effect}`; "
            f"`millrace {op.group} {op.verb.replace('_', '-')}`, `POST /ops/{op.name}`)",
            "",
            *("| field | default | what |", "|---|---|---|"),
            *fields(op.params),
            "",
        ]
    return "\n".join(lines)


def reference() -> str:
    """Return the table of errors and the table of settings."""
    errors = [
        f"| `{code}` | {kind.http} | {kind.exit} | {'yes' if kind.retryable else 'no'} | "
        f"{cell((kind.__doc__ or '').strip())} |"
        for code, kind in KINDS.items()
    ]
    settings = [
        f"| `{name}` | `{PREFIX}{name.upper()}` | "
        f"`{field.get_default(call_default_factory=True)!r}` | {cell(field.description)} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(
        [
            "# Reference",
            "",
            "Written by `make docs` from the code.",
            "",
            "## Errors",
            "",
            *("| code | HTTP | exit | retried | raised when |", "|---|---|---|---|---|"),
            *errors,
            "",
            "## Settings",
            "",
            "`millrace.toml` in the workspace < environment < flags; `millrace config` shows each",
            "value and where it came from.",
            "",
            *("| name | environment | default | what |", "|---|---|---|---|"),
            *settings,
            "",
        ]
    )


def with_head(page: Path, head: str, group: str) -> str:
    """Return a page with its generated part renewed; the rest is written by hand."""
    text = page.read_text("utf-8") if page.exists() else f"# {group}\n"
    block = f"{BEGIN}\n\n{head}\n{END}"
    if BEGIN in text:
        before, rest = text.split(BEGIN, 1)
        return before + block + rest.split(END, 1)[1]
    return f"{text.rstrip()}\n\n## Ops\n\n{block}\n"


def wanted() -> dict[Path, str]:
    """Return every generated file and what it must hold."""
    known = catalog.load_all().values()
    ops = [op for op in known if op.function.__module__.startswith("millrace.")]
    pages: dict[Path, str] = {HERE / "reference.md": reference()}
    for group in sorted({op.group for op in ops}):
        page = HERE / f"{group}.md"
        pages[page] = with_head(page, page_head([op for op in ops if op.group == group]), group)
    pages[stub.TARGET] = stub.stub()
    return pages


def main() -> None:
    """Write what changed, or with `--check` only name it."""
    stale = [
        path
        for path, text in wanted().items()
        if not path.exists() or path.read_text("utf-8") != text
    ]
    if "--check" in sys.argv:
        for path in stale:
            print(f"{path.relative_to(HERE.parent)} is out of date: run 'make docs'")
        sys.exit(1 if stale else 0)
    for path, text in wanted().items():
        if path in stale:
            path.write_text(text, encoding="utf-8")
            print(path.relative_to(HERE.parent))


if __name__ == "__main__":
    main()
