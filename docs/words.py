"""Bring the Russian catalogue of the registry's texts up to date.

`make docs` adds what ops say and the catalogue lacks, with an empty translation to fill
in, and removes what no op says any more. The test of the catalogue fails until all is filled in.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from millrace.core import catalog
from millrace.core.registry import Op
from millrace.faces.schema import params_schema, result_schema
from millrace.kinds.dry import FACTS, DryRun, writes

FILE = Path(__file__).parents[1] / "web" / "src" / "i18n" / "ops.ru.json"
FACT = rf"(?:{'|'.join(FACTS)}):"
UNIT = re.compile(r"^(.*?)\s*\[([^\]]{1,24})\]\s*$", re.DOTALL)
Words = dict[str, dict[str, str]]


def shown(ops: dict[str, Op]) -> dict[str, set[str]]:
    """Return what the web app shows of ops: names of fields, texts, units."""
    found: dict[str, set[str]] = {
        "fields": set(DryRun.model_fields),
        "texts": set(),
        "units": set(),
    }
    for op in ops.values():
        params = params_schema(op)
        found["texts"].update(paragraphs(op.doc), [writes(op)])
        found["fields"].update(_names(params), _names(result_schema(op)))
        for field in params.get("properties", {}).values():
            match = UNIT.match(field.get("description", ""))
            found["texts"].add(match[1] if match else field.get("description", ""))
            found["units"].update([match[2]] if match else [])
    found["texts"].discard("")
    return found


def built_in() -> dict[str, Op]:
    """Return the ops of Millrace itself: plug-ins bring no Russian texts."""
    return {name: op for name, op in catalog.load_all().items() if name in catalog.scan()}


def paragraphs(doc: str) -> list[str]:
    """Return a docstring as the web app does: lines joined, facts apart (web/src/form/doc.ts)."""
    found: list[str] = []
    begun = False
    for raw in re.split(rf"\n|\s+(?={FACT}\s)", doc):
        line = raw.strip()
        if not line:
            begun = False
        elif begun and not re.match(FACT, line):
            found[-1] += f" {line}"
        else:
            found.append(line)
            begun = True
    return found


def _names(schema: Any) -> Iterator[str]:
    """Give the names of the fields of a schema and of all inside it."""
    if isinstance(schema, list):
        for part in schema:
            yield from _names(part)
    elif isinstance(schema, dict):
        fields = schema.get("properties", {})
        yield from fields
        inner = [schema.get(key) for key in ("anyOf", "oneOf", "items", "additionalProperties")]
        yield from _names([*fields.values(), *schema.get("$defs", {}).values(), *inner])


def read() -> Words:
    """Return the catalogue as it stands."""
    return json.loads(FILE.read_text("utf-8"))


def wanted(words: Words, ops: dict[str, Op]) -> Words:
    """Return the catalogue with exactly what is shown; what is new has no translation yet."""
    return {
        part: {text: words[part].get(text, "") for text in sorted(texts)}
        for part, texts in sorted(shown(ops).items())
    }


if __name__ == "__main__":
    made = wanted(read(), built_in())
    FILE.write_text(json.dumps(made, ensure_ascii=False, indent=1) + "\n", "utf-8")
    empty = sum(not text for part in made.values() for text in part.values())
    print(f"{FILE.name}: {empty} texts have no translation yet.")
