"""From a table and a request to a search that is ready to run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from millrace.automl.engine import portfolio, scores
from millrace.automl.engine.budget import Budget
from millrace.automl.engine.search import Search
from millrace.automl.engine.table import data, folds, target
from millrace.core.errors import InvalidInput, LimitReached, choices
from millrace.kinds.task import Task
from millrace.services.predictor.columns import as_strings
from millrace.services.predictor.infer import Wanted
from millrace.services.predictor.members.trees import import_catboost
from millrace.services.predictor.views import TextEncoder

ROW = "_id"
MOST_BEFORE = 0.85
HOPELESS = 3.0
NO_CATBOOST = (
    "CatBoost is not installed; it often helps on tables with categories: "
    "pip install 'millrace[automl]'."
)


@dataclass
class Request:
    """What the user asked for."""

    target: str
    task: Task | None = None
    metric: str = "auto"
    features: Sequence[str] | None = None
    ignore: Sequence[str] = ()
    types: Mapping[str, Wanted] = field(default_factory=dict[str, Wanted])
    group: str | None = None
    learners: Sequence[str] | None = None
    trials: int | None = None
    seed: int = 0
    threads: int = 1


@dataclass
class Session:
    """A search with what was found out on the way to it."""

    search: Search
    rows: pa.Table
    left_out: dict[str, str]
    notes: list[str]


def needed(names: Sequence[str], request: Request) -> list[str]:
    """Return the columns to read, features first.

    Errors: invalid_input, a column named in the request is not there.
    """
    known = [name for name in names if name != ROW]
    there = set(known)
    asked = [request.target, *request.ignore, *(request.features or [])]
    for name in [*asked, *request.types, *([request.group] if request.group else [])]:
        if name not in there:
            raise InvalidInput(
                f"There is no column '{name[:80]}'.",
                f"The columns are {choices(known)}.",
                column=name[:80],
            )
    extra = [request.group] if request.group else []
    apart = {request.target, *extra, *request.ignore}
    features = [name for name in request.features or known if name not in apart]
    return [*dict.fromkeys([*features, request.target, *extra]), ROW]


def prepare(
    table: pa.Table, request: Request, encoder: TextEncoder | None, budget: Budget
) -> Session:
    """Read the target, choose column types, encode, and lay out the folds.

    Errors: invalid_input, the table cannot be learnt from; missing_extra, CatBoost was asked
    for and is absent; limit_reached, the budget is gone before a model could be trained.
    """
    allowed, notes = _learners(request)
    found = target.read(table, request.target, request.task)
    score = scores.choose(request.metric, found.task, len(found.classes))
    apart = [request.target, ROW, *([request.group] if request.group else [])]
    features = table.drop([name for name in apart if name in table.column_names])
    there = set(features.column_names)
    types: dict[str, Wanted] = {name: kind for name, kind in request.types.items() if name in there}
    ready = data.prepare(features, found, types, encoder)
    data.check_width(ready.data.views)
    ready.data.seed, ready.data.threads = request.seed, request.threads
    groups = _groups(table, request.group, found.kept)
    notes += _bound(found, groups)
    count, repeats = folds.plan(len(found.y))
    layout = folds.make(found.y, found.task, count, repeats, groups=groups, seed=request.seed)
    _check_budget(budget)
    search = Search(ready.data, layout, score, budget, allowed, request.trials)
    return Session(
        search, table.take(pa.array(found.kept)), ready.left_out, [*found.warnings, *notes]
    )


def _learners(request: Request) -> tuple[set[str], list[str]]:
    there = portfolio.available()
    if request.learners is None:
        return there, [] if "catboost" in there else [NO_CATBOOST]
    if "catboost" in request.learners:
        import_catboost()
    return set(request.learners), []


def _groups(table: pa.Table, name: str | None, kept: Any) -> Any:
    if name is None:
        return None
    codes = as_strings(table.column(name)).combine_chunks().dictionary_encode().indices
    numbers = np.asarray(codes.fill_null(-1).to_numpy(zero_copy_only=False))[kept]
    if len(np.unique(numbers)) < 2:
        raise InvalidInput(
            f"The group column '{name}' has one value.", "Folds need at least two groups."
        )
    return numbers


def _bound(found: target.Target, groups: Any) -> list[str]:
    """Warn of classes that no fold can both train on and check."""
    if groups is None or not found.classes:
        return []
    pairs = np.unique(np.column_stack([found.y, groups]), axis=0)
    bound = int((np.bincount(pairs[:, 0]) == 1).sum())
    if not bound:
        return []
    return [
        f"{bound} of {len(found.classes)} classes occur in one group only: no fold can both train "
        "on them and check them, so the scores are too low."
    ]


def check_encoding(budget: Budget, done: int, total: int) -> None:
    """Raise `limit_reached` once encoding has eaten the budget, or plainly will."""
    share = budget.fraction()
    if share >= MOST_BEFORE or share * total / max(1, done) > HOPELESS:
        need = budget.cpu_used() * total / max(1, done)
        raise LimitReached(
            f"Encoding {total} texts takes about {need:.0f} CPU seconds, and the budget is "
            f"{budget.cpu:g}.",
            f"Give a budget of at least {2 * need + 10:.0f} s, or train on a sample of the rows.",
            budget=budget.cpu,
            needed=round(need, 1),
        )


def _check_budget(budget: Budget) -> None:
    if budget.fraction() < MOST_BEFORE:
        return
    used = budget.cpu_used()
    raise LimitReached(
        f"Reading and encoding took {used:.1f} of {budget.cpu:g} CPU seconds, which leaves too "
        "little to train a model.",
        f"Give a budget of at least {max(2.0, 3 * used):.0f} s.",
        used=round(used, 2),
        budget=budget.cpu,
    )
