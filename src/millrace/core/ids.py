"""Identifiers and references: `kind:name@version`."""

import hashlib
import json
import os
import re
import time
from dataclasses import dataclass
from typing import Any

from millrace.core.errors import InvalidInput, choices

REF_KINDS = (
    "dataset",
    "model",
    "labelset",
    "deployment",
    "index",
    "pipeline",
    "memory",
    "report",
    "watch",
    "check",
    "alert",
)
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
NUMBER = re.compile(r"[0-9]+")
LARGEST = 2**31 - 1  # what the version column of every database holds


def new_id(prefix: str) -> str:
    """Return a unique id that sorts by time, such as `job-0199a7...`."""
    return f"{prefix}-{time.time_ns() // 1_000_000:012x}{os.urandom(5).hex()}"


def digest(value: Any) -> str:
    """Return a stable 32-character fingerprint of a JSON-able value or bytes."""
    data = (
        value
        if isinstance(value, bytes)
        else json.dumps(value, sort_keys=True, separators=(",", ":"), default=str).encode()
    )
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def check_name(name: str, what: str = "name") -> str:
    """Return `name` if it may name an artifact, else raise `invalid_input`."""
    if not NAME.fullmatch(name):
        raise InvalidInput(
            f"The {what} '{name[:80]}' is not valid.",
            "Use 1 to 64 characters of a-z, 0-9, '.', '_' and '-', beginning with a letter "
            "or digit.",
            field=what,
        )
    return name


@dataclass(frozen=True)
class Ref:
    """A parsed `kind:name@version`; version is a number, an alias or None for the latest."""

    kind: str
    name: str
    version: int | str | None = None

    def __str__(self) -> str:
        tail = "" if self.version is None else f"@{self.version}"
        return f"{self.kind}:{self.name}{tail}"


def parse_ref(text: str, kind: str) -> Ref:
    """Parse `kind:name@version`; the kind may be left out when `kind` says it.

    Errors: invalid_input, another kind, or a name or version that cannot be.
    """
    head, _, rest = text.rpartition(":")
    if head and head != kind:
        known = choices(list(REF_KINDS))
        raise InvalidInput(
            f"'{text[:100]}' is not a {kind}.",
            f"Write '{kind}:name@version' or just the name; the kinds are {known}.",
        )
    name, _, version = rest.partition("@")
    check_name(name, f"{kind} name")
    if not version or version == "latest":
        return Ref(kind, name, None)
    if NUMBER.fullmatch(version):
        return Ref(kind, name, _number(version, kind))
    return Ref(kind, name, check_name(version, "alias"))


def _number(text: str, kind: str) -> int:
    digits = text.lstrip("0")
    if len(digits) > len(str(LARGEST)) or int(digits or "0") > LARGEST:
        raise InvalidInput(
            f"The version '{text[:40]}' of a {kind} is too large.",
            f"A version is a whole number from 1 to {LARGEST}, an alias, or 'latest'.",
            field="version",
        )
    return int(digits or "0")
