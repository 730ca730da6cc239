"""Who may do what: effects of ops against roles, paths against folders; deny by default.

Who may run external ops, as the owner may, names any path outside the workspace. Others read
below its 'uploads' (and where an op says so its 'exports') and write below 'exports'. Nobody
writes elsewhere in it.
"""

from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, Field

from millrace.core.errors import InvalidInput, NotAllowed

Effect = Literal["read", "write", "spend", "external", "destructive"]
EFFECTS: tuple[str, ...] = get_args(Effect)
UPLOADS, EXPORTS = "uploads", "exports"  # folders of a workspace that users' paths may name

ROLES: dict[str, frozenset[str]] = {
    "owner": frozenset(EFFECTS),
    "editor": frozenset({"read", "write", "spend"}),
    "annotator": frozenset({"read"}),
    "viewer": frozenset({"read"}),
}


class Actor(BaseModel):
    """Who asks: a person, a token or the agent."""

    name: str = Field(default="owner", description="who is recorded as having done it")
    role: str = Field(default="owner", description="owner, editor, annotator or viewer")


def check(actor: Actor, op: str, effect: str, also: tuple[str, ...] = ()) -> None:
    """Raise `not_allowed` unless the actor's role has the op's effect or is named in `also`."""
    if effect not in ROLES.get(actor.role, frozenset()) and actor.role not in also:
        raise NotAllowed(
            f"'{actor.name}' with role '{actor.role}' may not run '{op}', whose effect is "
            f"'{effect}'.",
            "Ask the owner of the workspace for a role that may.",
            op=op,
            effect=effect,
        )


def path_of(text: str, field: str = "path") -> Path:
    """Return a path with the links of its folder followed and its own name kept.

    Errors: invalid_input, it cannot be a path or names no file.
    """
    try:
        plain = Path(text).expanduser()
        path = plain.parent.resolve() / plain.name
    except (OSError, ValueError, RuntimeError) as error:
        raise InvalidInput(f"'{text[:200]!a}' is no path.", "Check it.", field=field) from error
    if "\0" in text or not plain.name:
        raise InvalidInput(f"'{text[:200]!a}' names no file.", "Name one.", field=field)
    return path


def check_read(
    actor: Actor, op: str, path: Path, root: Path, below: tuple[str, ...] = (UPLOADS,)
) -> None:
    """Raise `not_allowed` unless the actor may read a path; `root` is the workspace's."""
    root = root.resolve()
    if not any(path.is_relative_to(root / name) for name in below):
        check(actor, op, "external")


def check_write(actor: Actor, op: str, path: Path, root: Path) -> None:
    """Raise `not_allowed` unless the actor may write to a path; `root` is the workspace's."""
    root = root.resolve()
    exports = root / EXPORTS
    if path.is_relative_to(exports) and path != exports:
        return
    if path.is_relative_to(root):
        raise NotAllowed(
            f"'{path}' lies inside the workspace.", f"Write below '{exports}' or outside."
        )
    check(actor, op, "external")
