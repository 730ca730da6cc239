"""The command tree: names and first lines by `ast`, an ops.py imported only for its command."""

import ast
from difflib import get_close_matches
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from millrace.core import catalog
from millrace.core.errors import NotFound, choices

FIRST, SECOND = "Ops by folder", "Shortcuts"
THIRD = "Commands"


class Lazy(TyperGroup):
    """A group whose commands are described without being built."""

    listing = False
    _known: dict[str, dict[str, str]] | None = None

    def known(self) -> dict[str, dict[str, str]]:
        """Return what `described` says, asked once: looking for plug-ins takes time."""
        if self._known is None:
            self._known = self.described()
        return self._known

    def described(self) -> dict[str, dict[str, str]]:
        """Return sections of command names with their first lines."""
        raise NotImplementedError

    def build(self, name: str) -> Any:
        """Return the command of this name, imported now."""
        raise NotImplementedError

    def list_commands(self, ctx: Any) -> list[str]:
        """Return every name."""
        del ctx
        return [name for section in self.known().values() for name in section]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return one command, or a light stand-in while names are being listed."""
        del ctx
        lines = {n: line for section in self.known().values() for n, line in section.items()}
        if self.listing:
            return TyperCommand(name=cmd_name, help=lines.get(cmd_name, ""))
        name = cmd_name if cmd_name in lines else cmd_name.replace("_", "-")
        return self.build(name) if name in lines else self.other(name)

    def other(self, name: str) -> Any:
        """Return a command that is not listed, if there is one."""
        del name
        return None

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the sections of the help."""
        del ctx
        for title, lines in self.known().items():
            if lines:
                with formatter.section(title):
                    formatter.write_dl(sorted(lines.items()))

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """Complete names without building the commands."""
        self.listing = True
        try:
            return super().shell_complete(ctx, incomplete)
        finally:
            self.listing = False

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Show the help when nothing follows."""
        return super().parse_args(ctx, args or ["--help"])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command; an unknown one is a `not_found` that names the nearest."""
        if self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            self.missing(args)
        return super().resolve_command(ctx, args)

    def missing(self, args: list[str]) -> None:
        """Raise `not_found` for a name that is not here."""
        raise NotImplementedError


class Folder(Lazy):
    """The ops of one folder."""

    def described(self) -> dict[str, dict[str, str]]:
        """Return each verb with its first line."""
        return {"Ops": {dashed(n): line for n, line in lines_of(str(self.name)).items()}}

    def build(self, name: str) -> Any:
        """Import the folder's ops and return one as a command."""
        verbs = {dashed(verb): verb for verb in lines_of(str(self.name))}
        return op_command(f"{self.name}.{verbs[name]}")

    def missing(self, args: list[str]) -> None:
        """Say which op there is not, as every face does."""
        catalog.find(f"{self.name}.{args[0]}")


class Root(Lazy):
    """Everything: folders of ops, ops with a shortcut, and commands that are no ops."""

    def described(self) -> dict[str, dict[str, str]]:
        """Return folders, shortcuts and commands."""
        from millrace.faces.cli.builtin import COMMANDS

        short = {line.shortcut: line.summary for line in catalog.scan().values() if line.shortcut}
        return {FIRST: folders(), SECOND: short, THIRD: {n: c.line for n, c in COMMANDS.items()}}

    def build(self, name: str) -> Any:
        """Return a command, a shortcut's op or a folder."""
        from millrace.faces.cli.builtin import COMMANDS

        if name in COMMANDS:
            return COMMANDS[name].build()
        for line in catalog.scan().values():
            if line.shortcut == name:
                return op_command(line.name)
        return Folder(name=name, help=self.known()[FIRST][name], rich_markup_mode=None)

    def other(self, name: str) -> Any:
        """Return a plug-in's shortcut; only a name that is nowhere else gets this far."""
        if not catalog.plugins():
            return None
        found = [op.name for op in catalog.load_all().values() if op.shortcut == name]
        return op_command(found[0]) if found else None

    def missing(self, args: list[str]) -> None:
        """Say what there is not, and what comes near."""
        if len(args) > 1 and not args[1].startswith("-"):
            catalog.find(f"{args[0]}.{args[1].replace('-', '_')}")
        names = self.list_commands(None)
        near = get_close_matches(args[0], names, 3)
        ask = f"Did you mean {choices(near)}? " if near else ""
        raise NotFound(
            f"There is no command '{args[0][:80]}'.", f"{ask}Run 'millrace --help' to see all."
        )


def dashed(name: str) -> str:
    """Return a verb as it is typed."""
    return name.replace("_", "-")


def folders() -> dict[str, str]:
    """Return each folder of ops with the first line of its docstring."""
    found: dict[str, str] = {}
    for line in catalog.scan().values():
        group = line.name.split(".", 1)[0]
        if group not in found:
            found[group] = _question(line.module)
    for point in catalog.plugins():
        found.setdefault(point.name, f"ops of the plug-in '{point.value}'")
    return found


def _question(module: str) -> str:
    path = catalog.ROOT.joinpath(*module.split(".")[1:-1], "__init__.py")
    doc = ast.get_docstring(ast.parse(path.read_bytes())) or ""
    return doc.split("\n\n", 1)[0].replace("\n", " ")


def lines_of(group: str) -> dict[str, str]:
    """Return the verbs of one folder with their first lines; plug-ins are imported."""
    found = {
        name.split(".", 1)[1]: line.summary
        for name, line in catalog.scan().items()
        if name.startswith(f"{group}.")
    }
    if not found:
        found = {op.verb: op.summary for op in catalog.load_group(group).values()}
    return found


def op_command(name: str) -> TyperCommand:
    """Import an op's folder and return the op as a command."""
    from millrace.faces.cli.command import command_of
    from millrace.faces.cli.run import run_op

    return command_of(catalog.find(name), run_op)


def root() -> Any:
    """Return the whole tree."""
    from millrace.faces.cli.builtin import before

    app = typer.Typer(
        cls=Root,
        add_completion=True,
        rich_markup_mode=None,
        help="Millrace: label, train, evaluate, deploy and watch, from one registry of ops.",
    )
    app.callback()(before)
    return typer.main.get_command(app)
