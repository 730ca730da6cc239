"""Who imports whom, what stands in `__init__.py`, and what stays out of memory."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

from millrace.core import catalog
from tests.architecture.tree import REPO, SOURCE, excepted, imports, name, sources

HEAVY = {
    *("numpy", "scipy", "sklearn", "lightgbm", "catboost", "optuna", "onnx", "onnxruntime"),
    *("pyarrow", "lance", "duckdb", "polars", "pandas", "sqlalchemy", "alembic", "dbos"),
    *("mlflow", "fastapi", "starlette", "uvicorn", "aiohttp", "tokenizers", "torch", "rich"),
    *("typer", "prometheus_client", "redis", "skops", "rensa", "matplotlib"),
}


def test_layers_hold(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(REPO)
    code = lint_imports(no_cache=True)
    assert code == 0, capsys.readouterr().out


def test_core_imports_the_standard_library_and_pydantic() -> None:
    allowed = {*sys.stdlib_module_names, "pydantic", "pydantic_core", "millrace"}
    for path in (SOURCE / "core").rglob("*.py"):
        roots = {module.split(".")[0] for module in imports(path, top_only=False)}
        assert roots <= allowed, name(path)
        assert all(
            module.startswith("millrace.core")
            for module in imports(path, top_only=False)
            if module.startswith("millrace")
        ), name(path)


def engines() -> list[Path]:
    """Return the engine modules of the capabilities."""
    return [p for p in sources() if p.name == "engine.py" or p.parent.name == "engine"]


def test_engines_know_no_store_registry_or_face() -> None:
    forbidden = ("millrace.stores", "millrace.core.registry", "millrace.faces", "fastapi")
    wrong = {
        name(path): bad
        for path in engines()
        if (bad := [m for m in imports(path, top_only=False) if m.startswith(forbidden)])
    }
    assert wrong == {}


def test_faces_name_no_op() -> None:
    known = set(catalog.scan())
    for path in sorted((SOURCE / "faces").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        words = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
        assert not words & known, name(path)


def test_init_holds_a_docstring_and_names_only() -> None:
    for path in sorted(SOURCE.rglob("__init__.py")):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        assert body, f"{name(path)} has no docstring"
        assert isinstance(body[0], ast.Expr), f"{name(path)} has no docstring"
        if not excepted("init", name(path)):
            check_names(name(path), body[1:])


def check_names(path: str, body: list[ast.stmt]) -> None:
    """Fail unless a body imports our own names and lists just these in `__all__`."""
    public: list[str] = []
    listed: list[str] = []
    for node in body:
        if isinstance(node, ast.ImportFrom):
            assert (node.module or "").startswith("millrace."), f"{path} imports {node.module}"
            public += [alias.asname or alias.name for alias in node.names]
        else:
            assert isinstance(node, ast.Assign), f"{path}:{node.lineno} has logic"
            assert ast.unparse(node.targets[0]) == "__all__"
            listed = ast.literal_eval(node.value)
    assert sorted(public) == sorted(listed), f"{path}: `__all__` is not what is imported"


def test_no_module_imports_by_dots() -> None:
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{name(path)}:{node.lineno}"


def loaded_after(code: str) -> set[str]:
    """Return the top-level modules in memory after some code, in a fresh process."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint(' '.join(sys.modules))"],
        env={**os.environ, "PYTHONPATH": str(SOURCE.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    return {module.split(".")[0] for module in done.stdout.split()}


def ops_modules() -> list[str]:
    """Return every module that registers ops."""
    return [
        ".".join(["millrace", *path.relative_to(SOURCE).with_suffix("").parts])
        for path in sorted([*SOURCE.glob("*/ops.py"), *SOURCE.glob("drivers/*/ops.py")])
    ]


def test_importing_every_ops_module_loads_nothing_heavy() -> None:
    code = "\n".join(f"import {module}" for module in ops_modules())
    loaded = loaded_after(code) & HEAVY
    if loaded:
        for module in ops_modules():
            guilty = loaded_after(f"import {module}") & HEAVY
            assert not guilty, f"{module} loads {sorted(guilty)}"
    assert not loaded


def test_core_and_kinds_load_nothing_heavy() -> None:
    code = "import millrace.core.catalog, millrace.core.workspace, millrace.kinds.job"
    assert not loaded_after(code) & HEAVY


def test_folders_with_ops_have_their_rooms() -> None:
    for path in SOURCE.glob("*/ops.py"):
        if path.parent.name in {"flows", "drivers"}:
            continue
        rooms = {child.stem for child in path.parent.iterdir()}
        assert "engine" in rooms, f"{path.parent.name} has ops and no engine"
