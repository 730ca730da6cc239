"""Training a recipe again and again: which rows, which learners, and their answers."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import lightgbm as lgb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from threadpoolctl import threadpool_limits

from millrace.core.errors import InvalidInput
from millrace.evaluation.engine import labels
from millrace.evaluation.engine.judge import guess_task
from millrace.kinds.task import Task
from millrace.services.predictor import columns, infer
from millrace.services.predictor.manifest import Manifest, MemberInfo
from millrace.services.predictor.members.trees import CatBoost, catboost_pool, import_catboost
from millrace.services.predictor.members.vectors import Neighbours
from millrace.services.predictor.views import Preprocessor, TextEncoder, Views, embed, fit_texts

Array = NDArray[Any]
ROUNDS = 100
LEAST_ROWS = 10
MOST_CLASSES = 1000
STEPS = 300
SMALL = 5_000_000


@dataclass(frozen=True)
class Part:
    """One learner of a recipe and its share of the answer."""

    kind: str
    weight: float = 1.0
    rounds: int = ROUNDS
    hyperparameters: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Recipe:
    """What is trained in every fold: a named list of learners, averaged."""

    name: str
    parts: Sequence[Part]


PLAIN = {name: Recipe(name, [Part(name)]) for name in ("baseline", "linear", "lightgbm")}


def of_model(name: str, manifest: Manifest) -> Recipe:
    """Return the recipe of a saved model: the members that answer, with their settings."""
    weights = manifest.weights()
    parts = [
        Part(member.kind, weights[member.name], member.rounds or ROUNDS, _settings(member))
        for member in manifest.members
        if member.name in weights
    ]
    return Recipe(name, parts)


def _settings(member: MemberInfo) -> dict[str, Any]:
    # Rounds are a setting of their own here, and no parameter that the libraries know.
    return {name: value for name, value in member.hyperparameters.items() if name != "rounds"}


def wanted_types(manifest: Manifest) -> dict[str, infer.Wanted]:
    """Return the column types of a saved model, so that its folds use the same."""
    return {feature.name: feature.type for feature in manifest.features}


@dataclass(frozen=True)
class Problem:
    """n rows to learn from: features as a table, y (n,) as class numbers or values.

    k is 0 for regression. `vectors` holds one vector a text and row (n, d): an encoder is
    not trained here, so no fold learns from another through it.
    """

    table: pa.Table
    y: Array
    k: int
    types: Mapping[str, infer.Wanted]
    vectors: Mapping[str, Array]
    seed: int = 0
    threads: int = 1

    @property
    def task(self) -> Task:
        """Return which task it is."""
        return "classification" if self.k else "regression"


@dataclass(frozen=True)
class Truth:
    """The target of the rows `kept`: class numbers or values."""

    y: Array
    labels: list[str]
    kept: Array
    notes: list[str] = field(default_factory=list[str])


def read_truth(column: pa.ChunkedArray, name: str, task: Task | None) -> Truth:
    """Read what is to be predicted; rows without it are left out.

    Errors: invalid_input, fewer than 10 rows or two classes, or more than 1,000 classes.
    """
    if (task or guess_task(column, column)) == "regression":
        values = labels.numbers(column, name)
        kept = np.flatnonzero(~np.isnan(values))
        found = Truth(values[kept], [], kept)
    else:
        keys = labels.keys(column)
        codes, known = labels.align(keys, sorted(keys.names))[0], sorted(keys.names)
        kept = np.flatnonzero(codes >= 0)
        found = Truth(codes[kept], known, kept, _lonely(np.bincount(codes[kept])))
        if not 2 <= len(known) <= MOST_CLASSES:
            raise InvalidInput(
                f"The target '{name}' has {len(known)} classes.",
                f"Classification needs 2 to {MOST_CLASSES}.",
                classes=len(known),
            )
    if len(kept) < LEAST_ROWS:
        raise InvalidInput(
            f"Only {len(kept)} rows have a value of '{name}'.",
            f"Cross-validation needs at least {LEAST_ROWS}.",
            rows=len(kept),
        )
    missing = len(column) - len(kept)
    if missing:
        found.notes.append(f"{missing} rows without a value of '{name}' were left out.")
    return found


def _lonely(counts: Array) -> list[str]:
    alone = int((counts == 1).sum())
    return [f"{alone} classes have one row, which always trains."] if alone else []


def prepare(
    table: pa.Table,
    truth: tuple[Array, int],
    types: Mapping[str, infer.Wanted],
    encoder: Callable[[], TextEncoder],
    seed: int,
    threads: int,
) -> Problem:
    """Choose column types on all rows and encode their texts once.

    `encoder` is asked only where there is text.
    Errors: invalid_input, no column can be learnt from.
    """
    found = infer.profile(table, types)
    if not found.features:
        raise InvalidInput(
            "No column is left to learn from.",
            "Give a dataset with at least one column that varies besides the target.",
        )
    read = columns.read(table, found.features)
    texts = [feature.name for feature in found.features if feature.type == "text"]
    if texts:
        embed(read, texts, encoder())
    chosen: dict[str, infer.Wanted] = {f.name: f.type for f in found.features}
    return Problem(
        table.select(list(chosen)), truth[0], truth[1], chosen, read.vectors, seed, threads
    )


def folds(y: Array, k: int, count: int, repeats: int, seed: int, groups: Array | None) -> Array:
    """Return the fold of each row in each repeat (repeats, n); -1 always trains.

    Classes are dealt out evenly, and a class with one row always trains; regression deals
    rows out by size of the target; rows of one group (n,) share a fold, the largest group
    going to the emptiest fold. Random: `seed` and the number of the repeat.
    Errors: invalid_input, fewer rows or groups than folds.
    """
    units = len(np.unique(groups)) if groups is not None else len(y)
    if units < count:
        what = "groups" if groups is not None else "rows"
        raise InvalidInput(
            f"{units} {what} cannot be split into {count} folds.",
            f"Ask for at most {units} folds.",
            field="folds",
        )
    dealt: list[Array] = []
    for repeat in range(repeats):
        random = np.random.default_rng([seed, repeat])
        if groups is not None:
            dealt.append(_grouped(groups, count, random))
        elif k:
            dealt.append(_by_class(y, count, random))
        else:
            dealt.append(_by_size(y, count, random))
    return np.array(dealt)


def _by_class(y: Array, count: int, random: np.random.Generator) -> Array:
    order = np.lexsort((random.random(len(y)), y))
    place = np.empty(len(y), dtype=np.int64)
    lonely = np.bincount(y)[y] < 2
    rows = order[~lonely[order]]
    place[rows] = np.arange(len(rows)) % count
    place[lonely] = -1
    return place


def _by_size(y: Array, count: int, random: np.random.Generator) -> Array:
    order = np.lexsort((random.random(len(y)), y))
    place = np.empty(len(y), dtype=np.int64)
    for start in range(0, len(y), count):
        block = order[start : start + count]
        place[block] = random.permutation(count)[: len(block)]
    return place


def _grouped(groups: Array, count: int, random: np.random.Generator) -> Array:
    values, inverse, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    load = np.zeros(count)
    owner = np.empty(len(values), dtype=np.int64)
    for group in np.lexsort((random.random(len(values)), -sizes)):
        owner[group] = int(load.argmin())
        load[owner[group]] += sizes[group]
    return owner[inverse]


class Split:
    """The matrices of one split; the preprocessing sees the training rows only."""

    def __init__(self, problem: Problem, train: Array, test: Array) -> None:
        self.problem = problem
        self.y = problem.y[train]
        part = problem.table.take(pa.array(train))
        found = infer.profile(part, problem.types)
        read = self._read(part, found.features, train)
        with threadpool_limits(1, "blas"):  # two threads on a busy machine: 10 times the CPU
            arrays = fit_texts(found.features, read)
        self.made = Preprocessor(found.features, arrays)
        self.train = Views(self.made, read)
        other = problem.table.take(pa.array(test))
        self.test = Views(self.made, self._read(other, found.features, test))

    def _read(self, table: pa.Table, features: Sequence[Any], rows: Array) -> columns.Columns:
        read = columns.read(table, features)
        for feature in features:
            if feature.type == "text":
                read.vectors[feature.name] = self.problem.vectors[feature.name][rows]
        return read


def answers(recipe: Recipe, split: Split) -> Array:
    """Train a recipe on a split; return probabilities (m, k) or values (m,) of its test rows.

    Random: seeded by the problem's seed. Errors: invalid_input, a part of unknown kind.
    """
    if not split.made.features:  # nothing varies in these training rows
        return _baseline(recipe.parts[0], split)
    total: Array | float = 0.0
    weight = 0.0
    for part in recipe.parts:
        if part.kind not in _LEARNERS:
            raise InvalidInput(
                f"'{recipe.name}' has a part of kind '{part.kind}', which cannot be retrained.",
                f"The kinds are {', '.join(sorted(_LEARNERS))}.",
            )
        total = total + part.weight * _LEARNERS[part.kind](part, split)
        weight += part.weight
    return np.asarray(total / weight)


def _baseline(part: Part, split: Split) -> Array:
    del part
    rows, k = split.test.rows, split.problem.k
    if not k:
        return np.full(rows, float(split.y.mean()))
    return np.tile(np.bincount(split.y, minlength=k) / len(split.y), (rows, 1))


def _lightgbm(part: Part, split: Split) -> Array:
    problem = split.problem
    objective = "regression" if not problem.k else "binary" if problem.k == 2 else "multiclass"
    shared: dict[str, Any] = {
        "verbosity": -1,
        "deterministic": True,
        "force_row_wise": True,
        "feature_pre_filter": False,
        "objective": objective,
        "num_threads": problem.threads,
        "seed": problem.seed,
    }
    if objective == "multiclass":
        shared["num_class"] = problem.k
    data = lgb.Dataset(
        split.train.tree,
        split.y,
        categorical_feature=split.made.categorical or "auto",
        params=shared,
    )
    made = lgb.train({**shared, **part.hyperparameters}, data, num_boost_round=part.rounds)
    raw = np.asarray(made.predict(split.test.tree, num_threads=problem.threads))
    return np.column_stack([1 - raw, raw]) if problem.k == 2 else raw


def _linear(part: Part, split: Split) -> Array:
    strength = float(part.hyperparameters.get("strength", 1.0))
    x, other, k = split.train.linear, split.test.linear, split.problem.k
    if not k:
        made = Ridge(alpha=strength).fit(x, split.y)
        return np.asarray(made.predict(other), dtype=np.float64)
    if len(np.unique(split.y)) < 2:  # groups can leave one class to train on
        return _baseline(part, split)
    # On small matrices waiting threads cost far more than they help.
    threads = 1 if x.size < SMALL else split.problem.threads
    with warnings.catch_warnings(), threadpool_limits(threads, "blas"):
        # A fit cut at 300 steps is close enough to compare by; the metric shows if it is not.
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = LogisticRegression(C=strength, max_iter=STEPS, tol=1e-3).fit(x, split.y)
    proba = np.zeros((len(other), k))
    proba[:, np.asarray(fitted.classes_, dtype=np.int64)] = fitted.predict_proba(other)
    return proba


def _catboost(part: Part, split: Split) -> Array:
    problem = split.problem
    loss = "RMSE" if not problem.k else "Logloss" if problem.k == 2 else "MultiClass"
    shared: dict[str, Any] = {
        "thread_count": problem.threads,
        "random_seed": problem.seed,
        "allow_writing_files": False,
        "verbose": False,
        "boosting_type": "Plain",
        "loss_function": loss,
    }
    if loss == "MultiClass":
        shared["classes_count"] = problem.k
    model = import_catboost().CatBoost(
        {**shared, **part.hyperparameters, "iterations": part.rounds}
    )
    model.fit(catboost_pool(split.train.tree, split.made.categorical, split.y))
    return CatBoost(model, problem.k, problem.threads).predict(split.test)


def _neighbours(part: Part, split: Split) -> Array:
    settings = part.hyperparameters
    vectors = split.train.text.astype(np.float16)
    count, temperature = int(settings.get("count", 10)), float(settings.get("temperature", 0.05))
    made = Neighbours(vectors, split.y, count, temperature, split.problem.k)
    return made.predict(split.test)


_LEARNERS: dict[str, Any] = {
    "baseline": _baseline,
    "lightgbm": _lightgbm,
    "linear": _linear,
    "catboost": _catboost,
    "neighbours": _neighbours,
}
