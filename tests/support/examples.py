"""The one format of an op's example, read by the contract battery and the parity suite.

Each folder with ops has `tests/<folder>/examples.py` that holds a list `EXAMPLES`:

    from tests.support.examples import Example, World

    def two_columns(world: World) -> dict[str, object]:
        path = world.file("people.csv", "age,city\n31,Oslo\n47,Rome\n")
        world.call("dataset.import", path=str(path), name="people")
        return {}                                   # may return params known only now

    EXAMPLES = [
        Example("drift.psi", {"reference": "people", "bins": 2}, setup=two_columns),
        Example(
            "automl.train", {"dataset": "people", "budget": 1}, setup=two_columns,
            volatile=("seconds", "trials.*.seconds"),
            skip={"repeatable": "a wall-clock budget decides how many trials run"},
        ),
    ]

Rules: params are plain JSON; keep the data tiny (<= 100 rows) and one example <= 1 CPU-s; every op
has at least one. `volatile` names result fields that differ from run to run, dotted, `*` for any
key or list item; ids such as `job-0199...` and the workspace's path are masked anyhow.
`skip` opts out of a check with a reason, which the battery prints. The checks are CHECKS below.
`fails` is for an op whose only possible example on a bare machine is an error: its code.
`rebuild=True` runs `setup` anew for each run instead of copying the prepared workspace.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from millrace.core.context import Context
from millrace.core.workspace import Store, Workspace

S = TypeVar("S", bound=Store)

CHECKS = (
    "summary",  # one line, imperative, at most 80 characters, a full stop
    "fields",  # every param and result field is described; numbers and lists have bounds
    "schema",  # the JSON Schema and the params survive JSON and back
    "runs",  # the example runs and its result fits the declared model
    "repeatable",  # twice with one seed on equal workspaces: equal results
    "inputs",  # a read op, and every op's params, leave what stood there unchanged
    "bounds",  # each bound, broken, gives invalid_input that names the field
    "cancel",  # cancelled at any event: no half-written artifact, state cancelled
    "same_key",  # a repeat under the same key returns the first result
    "record",  # the job's record is complete: op, params, actor, state, times, result
    "parity",  # CLI, REST, NDJSON, tool and Python give equal results
)


@dataclass(frozen=True)
class World:
    """A fresh workspace that an example may furnish before its op runs."""

    workspace: Workspace
    folder: Path

    @property
    def ctx(self) -> Context:
        """Return a context of the owner, for calls of stores."""
        return Context(workspace=self.workspace)

    def use(self, store: type[S]) -> S:
        """Return a store of the workspace."""
        return self.workspace.use(store)

    def call(self, op: str, **params: Any) -> Any:
        """Run an op to its end, as a user would, and return its result."""
        from millrace.core.policy import Actor
        from millrace.stores.jobs import Jobs

        return self.workspace.use(Jobs).call(op, params, Actor())

    def file(self, name: str, content: str | bytes) -> Path:
        """Write an input file outside the workspace and return its path."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path


Setup = Callable[[World], Mapping[str, Any] | None]


@dataclass(frozen=True)
class Example:
    """One call of an op that works on a bare machine, and what of it may vary."""

    op: str
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    setup: Setup | None = None
    volatile: tuple[str, ...] = ()
    skip: Mapping[str, str] = field(default_factory=dict[str, str])
    fails: str | None = None
    rebuild: bool = False

    def __post_init__(self) -> None:
        unknown = set(self.skip) - set(CHECKS)
        if unknown:
            raise TypeError(f"example of '{self.op}' skips unknown checks {sorted(unknown)}")
        if any(not reason.strip() for reason in self.skip.values()):
            raise TypeError(f"example of '{self.op}' skips a check without a reason")

    def furnish(self, world: World) -> dict[str, Any]:
        """Furnish the world and return the params known only now."""
        return dict((self.setup(world) if self.setup else None) or {})

    def filled(self, more: Mapping[str, Any]) -> dict[str, Any]:
        """Return the params to call with, as plain JSON."""
        return json.loads(json.dumps({**self.params, **more}))

    def mask(self, result: Any, world: World) -> Any:
        """Return the result as JSON with everything that may vary replaced."""
        text = result.model_dump_json() if isinstance(result, BaseModel) else json.dumps(result)
        text = json.dumps(json.loads(text)).replace(str(world.workspace.root), "<workspace>")
        text = _ID.sub("<id>", text.replace(str(world.folder), "<folder>"))
        masked = json.loads(text)
        for path in self.volatile:
            _blank(masked, path.split("."))
        return masked


_ID = re.compile(r"\b[a-z]{2,12}-[0-9a-f]{22}\b")


def _blank(value: Any, path: list[str]) -> None:
    head, rest = path[0], path[1:]
    if isinstance(value, list):
        keys: list[Any] = list(range(len(value))) if head == "*" else []
    elif isinstance(value, dict):
        keys = list(value) if head == "*" else [head] if head in value else []
    else:
        return
    for key in keys:
        if rest:
            _blank(value[key], rest)
        elif value[key] is not None:
            value[key] = "<volatile>"
