"""A client of one workspace: `ws.<folder>.<verb>(...)` for every op of the registry."""

import inspect
import keyword
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel

from millrace.core import catalog
from millrace.core.errors import NotFound
from millrace.core.registry import Op
from millrace.faces.backend.choose import open_backend
from millrace.faces.backend.place import Backend, OnEvent
from millrace.kinds.job import Job


class Client:
    """Runs ops on a workspace, here or behind a server, and raises the same errors."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

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

        Give its params as a model, as a dict or as keywords.
        Errors: not_found, no such op; and whatever the op raises.
        """
        return self._backend.call(op, merged(params, fields), key=key, on_event=on_event)

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
        return self._backend.submit(op, merged(params, fields), key=key)

    def close(self) -> None:
        """Release what the client holds."""
        self._backend.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __getattr__(self, name: str) -> "Folder":
        if name.startswith("_") or name not in folder_names():
            raise AttributeError(f"there is no folder of ops '{name}'")
        return Folder(self, name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *folder_names()})


class Folder:
    """The ops of one folder as methods."""

    def __init__(self, client: Client, name: str) -> None:
        self._client = client
        self._name = name

    def __getattr__(self, verb: str) -> "Call":
        if verb.startswith("__"):
            raise AttributeError(verb)
        try:
            found = catalog.find(f"{self._name}.{spoken(verb)}")
        except NotFound as error:
            raise AttributeError(str(error)) from error
        return Call(self._client, found)

    def __dir__(self) -> list[str]:
        return sorted(method_name(op.verb) for op in catalog.load_group(self._name).values())


class Call:
    """One op, ready to be called."""

    def __init__(self, client: Client, op: Op) -> None:
        self._client = client
        self._op = op
        self.__doc__ = op.doc
        self.__name__ = op.verb
        self.__signature__ = signature(op)

    def __call__(
        self,
        params: BaseModel | dict[str, Any] | None = None,
        *,
        key: str | None = None,
        on_event: OnEvent | None = None,
        **fields: Any,
    ) -> Any:
        """Run the op and return its result."""
        given = merged(params, fields)
        return self._client.run(self._op.name, given, key=key, on_event=on_event)


def merged(params: BaseModel | dict[str, Any] | None, fields: dict[str, Any]) -> Any:
    """Return the params of a call: a model as it is, else the dict with the keywords over it."""
    if isinstance(params, BaseModel) and not fields:
        return params
    base = params.model_dump() if isinstance(params, BaseModel) else dict(params or {})
    return {**base, **fields}


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
    fields = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if info.is_required() else info.get_default(),
            annotation=info.annotation,
        )
        for name, info in op.params.model_fields.items()
    ]
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
