"""Who may run what: effects of ops against roles, deny by default."""

from typing import Literal, get_args

from pydantic import BaseModel, Field

from millrace.core.errors import NotAllowed

Effect = Literal["read", "write", "spend", "external", "destructive"]
EFFECTS: tuple[str, ...] = get_args(Effect)

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
