"""A client of one workspace: `ws.<folder>.<verb>(...)` for every op of the registry."""

import inspect
import keyword
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self, get_type_hints

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from millrace.core import catalog
from millrace.core.errors import Conflict, InvalidInput, NotFound, choices
from millrace.core.registry import Op, extra_of
from millrace.faces.backend.choose import open_backend
from millrace.faces.backend.place import Backend, OnEvent
from millrace.faces.python.tables import placed
from millrace.kinds.job import Job


class Client:
    """Runs ops on a workspace, here or behind a server, and raises the same errors."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._closed = False

    def run(
        self,
        op: str,
        /,
        params: BaseModel | dict[str, Any] | None = None,
        *,
        key: str | None = None,
        on_event: OnEvent | None = None,
        **fields: Any,
    ) -> Any:
        """Run an op by name and return its result.

        Give its params as a model, as a dict or as keywords. A field that names a file of rows
        takes a table too: a DataFrame of pandas or polars, an Arrow table, a relation of DuckDB.
        Errors: not_found, no such op; conflict, the client is closed; and what the op raises.
        """
        with placed(self._open(), catalog.find(op), merged(params, fields)) as given:
            return self._backend.call(op, given, key=key, on_event=on_event)

    def submit(
        self,
        op: str,
        /,
        params: BaseModel | dict[str, Any] | None = None,
        *,
        key: str | None = None,
        **fields: Any,
    ) -> Job:
        """Hand an op to the workers and return its job at once."""
        with placed(self._open(), catalog.find(op), merged(params, fields)) as given:
            return self._backend.submit(op, given, key=key)

    def close(self) -> None:
        """Release what the client holds; it takes no calls from then on."""
        self._closed = True
        self._backend.close()

    def _open(self) -> Backend:
        if self._closed:
            raise Conflict(f"{self!r} is closed.", "Open it again with 'millrace.open'.")
        return self._backend

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __getattr__(self, name: str) -> "Folder":
        if name.startswith("_") or name not in folder_names():
            raise AttributeError(
                f"there is no folder of ops '{name}'; there are {', '.join(sorted(folder_names()))}"
            )
        return Folder(self, name)

    def __repr__(self) -> str:
        here = getattr(getattr(self._backend, "workspace", None), "root", "")
        return f"<Millrace at {here or getattr(self._backend, 'url', '?')}>"

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *folder_names()})


class Folder:
    """The ops of one folder of Millrace as methods; `help(ws.dataset.rows)` tells of one."""

    def __init__(self, client: Client, name: str) -> None:
        self._client = client
        self._name = name

    def __getattr__(self, verb: str) -> Callable[..., Any]:
        if verb.startswith("_"):
            raise AttributeError(verb)
        try:
            found = catalog.find(f"{self._name}.{spoken(verb)}")
        except NotFound as error:
            raise AttributeError(str(error)) from error
        return method(self._client, found)

    def __repr__(self) -> str:
        return f"<ops of '{self._name}': {', '.join(dir(self))}>"

    def __dir__(self) -> list[str]:
        return sorted(method_name(op.verb) for op in catalog.load_group(self._name).values())


def method(client: Client, op: Op) -> Callable[..., Any]:
    """Return one op as a function that `help()`, notebooks and editors can read."""
    places = [one.name for one in signature(op).parameters.values() if one.kind != one.KEYWORD_ONLY]

    def call(
        *given: Any,
        key: str | None = None,
        on_event: OnEvent | None = None,
        **fields: Any,
    ) -> Any:
        params = given[0] if len(given) == 1 and isinstance(given[0], BaseModel | dict) else None
        if params is None:
            fields = {**named(op, places, given, fields), **fields}
        return client.run(op.name, merged(params, fields), key=key, on_event=on_event)

    call.__name__ = method_name(op.verb)
    call.__qualname__ = f"{op.group}.{call.__name__}"
    call.__doc__ = f"{op.doc}\n\n{described(op)}"
    call.__signature__ = signature(op)  # pyright: ignore[reportFunctionMemberAccess] - inspect reads it
    return call


def named(
    op: Op, places: list[str], given: tuple[Any, ...], fields: dict[str, Any]
) -> dict[str, Any]:
    """Return values without a name by the fields they stand for, as on the command line."""
    if len(given) > len(places):
        raise InvalidInput(
            f"Op '{op.name}' takes {choices(places) if places else 'nothing'} without a name; "
            f"{len(given)} values were given.",
            f"Name them; its fields are {choices(list(op.params.model_fields), 20)}.",
        )
    twice = [name for name in places[: len(given)] if name in fields]
    if twice:
        raise InvalidInput(f"Field '{twice[0]}' of '{op.name}' is given twice.", "Give it once.")
    return dict(zip(places, given, strict=False))


def is_positional(field: FieldInfo) -> bool:
    """Tell whether a value may stand without the field's name."""
    return extra_of(field).get("positional") is True


def described(op: Op) -> str:
    """Return the fields of an op with what each is."""
    lines = [f"    {name}: {info.description}" for name, info in op.params.model_fields.items()]
    return "\n".join(["Fields:", *lines])


def merged(params: BaseModel | dict[str, Any] | None, fields: dict[str, Any]) -> Any:
    """Return the params of a call: a model as it is, else the dict with the keywords over it.

    A path is given as text, as on every other face.
    """
    if isinstance(params, BaseModel) and not fields:
        return params
    base = params.model_dump() if isinstance(params, BaseModel) else dict(params or {})
    given = {**base, **fields}
    return {k: os.fsdecode(v) if isinstance(v, os.PathLike) else v for k, v in given.items()}


def folder_names() -> set[str]:
    """Return the folders that have ops; plug-ins are imported."""
    if catalog.plugins():
        return {op.group for op in catalog.load_all().values()}
    return {name.split(".", 1)[0] for name in catalog.scan()}


def method_name(verb: str) -> str:
    """Return a verb as Python can call it: a keyword gets an underscore, as in `import_`."""
    return f"{verb}_" if keyword.iskeyword(verb) else verb


def spoken(method: str) -> str:
    """Return the verb behind a method's name."""
    bare = method.removesuffix("_")
    return bare if keyword.iskeyword(bare) else method


def signature(op: Op) -> inspect.Signature:
    """Return what `help()` shows of an op's method."""
    types = get_type_hints(op.params)  # without what pydantic adds to them
    fields = [
        inspect.Parameter(
            name,
            inspect.Parameter.POSITIONAL_OR_KEYWORD
            if is_positional(info)
            else inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty
            if info.is_required()
            else info.get_default(call_default_factory=True),
            annotation=types[name],
        )
        for name, info in op.params.model_fields.items()
    ]
    fields.sort(key=lambda field: (field.kind, field.default is not inspect.Parameter.empty))
    return inspect.Signature(fields, return_annotation=op.result or inspect.Signature.empty)


def open(
    place: str | Path | None = None,
    token: str | None = None,
    *,
    project: str | None = None,
    **settings: Any,
) -> Client:
    """Open a workspace: a folder here, or the address of a server.

    With no place, MILLRACE_URL, MILLRACE_WORKSPACE or `./.millrace` is taken, in this order.
    Calls work in `project`, else in the one that MILLRACE_PROJECT or the settings name; it exists
    as soon as something is in it. `settings` are those that `millrace config` lists.
    Errors: invalid_input, the place cannot be a workspace; conflict, a newer one.
    """
    given = {**settings, "project": project} if project else settings
    return Client(open_backend(place, token=token, flags=given))
