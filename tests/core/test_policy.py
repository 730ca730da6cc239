"""Who may read and write which paths."""

from pathlib import Path

import pytest

from millrace.core import policy
from millrace.core.context import Context
from millrace.core.errors import InvalidInput, NotAllowed
from millrace.core.policy import EXPORTS, UPLOADS, Actor


def may(ctx: Context, what: str, path: Path, role: str, below: tuple[str, ...] = (UPLOADS,)):
    actor, root = Actor(name="ann", role=role), ctx.workspace.root
    try:
        if what == "read":
            policy.check_read(actor, "x.y", path, root, below)
        else:
            policy.check_write(actor, "x.y", path, root)
    except NotAllowed:
        return False
    return True


@pytest.mark.parametrize(
    ("what", "where", "owner", "editor"),
    [
        ("read", "{root}/uploads/a.csv", True, True),
        ("read", "{root}/exports/a.csv", True, False),
        ("read", "{root}/millrace.db", True, False),
        ("read", "{outside}/a.csv", True, False),
        ("write", "{root}/exports/a.csv", True, True),
        ("write", "{root}/exports", False, False),
        ("write", "{root}/uploads/a.csv", False, False),
        ("write", "{root}/millrace.db", False, False),
        ("write", "{outside}/a.csv", True, False),
    ],
)
def test_owners_go_anywhere_outside_and_others_to_two_folders(
    ctx: Context, tmp_path: Path, what: str, where: str, owner: bool, editor: bool
) -> None:
    path = policy.path_of(where.format(root=ctx.workspace.root, outside=tmp_path))
    assert may(ctx, what, path, "owner") == owner
    assert may(ctx, what, path, "editor") == editor


def test_an_op_may_let_more_folders_be_read(ctx: Context) -> None:
    path = policy.path_of(str(ctx.workspace.root / "exports" / "m.zip"))
    assert may(ctx, "read", path, "editor", (UPLOADS, EXPORTS))


def test_a_link_leads_nobody_out(ctx: Context, tmp_path: Path) -> None:
    exports = ctx.workspace.folder("exports")
    (exports / "out").symlink_to(tmp_path, target_is_directory=True)
    assert not may(ctx, "write", policy.path_of(str(exports / "out" / "a.csv")), "editor")
    assert not may(ctx, "write", policy.path_of(str(exports / ".." / "millrace.db")), "owner")


@pytest.mark.parametrize("text", ["", "a\0b", "/", "~nobody-here-9/x"])
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="no path|no file"):
        policy.path_of(text)
