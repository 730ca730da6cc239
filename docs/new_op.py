"""Write the skeleton of a new op: `make op NAME=folder.verb`."""

import sys
from pathlib import Path

from millrace.core.errors import MillraceError
from millrace.core.ids import check_name

ROOT = Path(__file__).parent.parent
OP = '''

class {model}Params(Params):
    """What to work on."""

    dataset: DatasetRef = Field(description="dataset to read")


class {model}Result(BaseModel):
    """What was found."""

    rows: int = Field(ge=0, description="rows read [rows]")


@op("{name}", effect="read")
def {verb}(params: {model}Params, ctx: Context) -> {model}Result:
    """Say in one line what it does."""
    from millrace.{folder} import engine
    from millrace.stores.datasets import Datasets

    table = ctx.use(Datasets).read(params.dataset, project=ctx.project)
    return {model}Result(rows=engine.{verb}(table))
'''
HEAD = '''"""Ops of {folder}."""

from pydantic import BaseModel, Field

from millrace.core.context import Context
from millrace.core.registry import op
from millrace.kinds.ref import DatasetRef
from millrace.kinds.rows import Params
'''
ENGINE = '''

def {verb}(table: pa.Table) -> int:
    """Return what was asked."""
    return table.num_rows
'''
EXAMPLES = '''"""Examples of {folder} ops."""

from tests.support.examples import Example, World


def three_rows(world: World) -> dict[str, object]:
    """Make a small dataset."""
    import pyarrow as pa

    from millrace.stores.datasets import Datasets

    world.use(Datasets).write(world.ctx, "small", pa.table({{"n": [1, 2, 3]}}))
    return {{}}


EXAMPLES = [Example("{name}", {{"dataset": "small"}}, setup=three_rows)]
'''


def add(path: Path, head: str, text: str) -> None:
    """Append to a file, beginning it with its head when it is new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    old = path.read_text("utf-8") if path.exists() else head
    path.write_text(old + text, encoding="utf-8")
    print(path.relative_to(ROOT))


def main(name: str) -> None:
    """Write op, engine function and example of `folder.verb`."""
    folder, _, verb = name.partition(".")
    check_name(folder, "folder")
    check_name(verb, "verb")
    source, tests = ROOT / "src" / "millrace" / folder, ROOT / "tests" / folder
    model = verb.title().replace("_", "")
    names = {"name": name, "folder": folder, "verb": verb, "model": model}
    if f'@op("{name}"' in (source / "ops.py").read_text("utf-8") if source.exists() else False:
        sys.exit(f"'{name}' exists already")
    add(source / "ops.py", HEAD.format(**names), OP.format(**names))
    engine = '"""The work of {folder}."""\n\nimport pyarrow as pa\n'
    add(source / "engine.py", engine.format(**names), ENGINE.format(**names))
    if not (source / "__init__.py").exists():
        add(source / "__init__.py", f'"""What {folder} answers, its ops, one example."""\n', "")
        print(f"give '{folder}' its place among the layers of pyproject.toml (tool.importlinter)")
    if not (tests / "examples.py").exists():
        add(tests / "__init__.py", "", "")
        add(tests / "examples.py", "", EXAMPLES.format(**names))
    else:
        print(f"add an Example of '{name}' to {(tests / 'examples.py').relative_to(ROOT)}")


if __name__ == "__main__":
    try:
        main(sys.argv[1] if len(sys.argv) > 1 else "")
    except MillraceError as error:
        sys.exit(f"{error}\nUse: make op NAME=folder.verb")
