"""Small trained models, made with the predictor alone, for suites that need one to judge."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import lightgbm as lgb
import numpy as np
import pyarrow as pa
from sklearn.linear_model import LogisticRegression, Ridge
from threadpoolctl import threadpool_limits

from millrace.core.context import Context
from millrace.services.encoder import Encoders
from millrace.services.predictor import columns, infer, save
from millrace.services.predictor.manifest import EncoderInfo, Manifest, MemberInfo
from millrace.services.predictor.members.trees import LightGBM
from millrace.services.predictor.members.vectors import Linear, Neighbours
from millrace.services.predictor.views import Preprocessor, Views, embed, fit_texts
from millrace.stores.datasets import Datasets
from millrace.stores.models import Models

WORDS = {
    "refund": "give me my money back for this broken order please now",
    "card": "my bank card was lost and somebody may have stolen it today",
}


def people(rows: int = 120, seed: int = 0) -> pa.Table:
    """A table with a number, a category, a flag, missing values and two targets."""
    random = np.random.default_rng(seed)
    age = random.integers(18, 80, rows).astype(float)
    city = random.choice(["Oslo", "Rome", "Lima"], rows, p=[0.5, 0.3, 0.2])
    member = random.random(rows) < 0.5
    raw = (age - 45) / 10 + np.where(city == "Rome", 1.5, 0) + random.normal(0, 0.7, rows)
    income = 1000 + 30 * age + np.where(member, 400, 0) + random.normal(0, 60, rows)
    shown = [None if at % 17 == 0 else float(value) for at, value in enumerate(age)]
    return pa.table(
        {
            "age": pa.array(shown, pa.float64()),
            "city": city.tolist(),
            "member": member.tolist(),
            "buys": ["yes" if value > 0 else "no" for value in raw],
            "income": income,
        }
    )


def messages(rows: int = 60, seed: int = 0) -> pa.Table:
    """Short texts of two kinds."""
    random = np.random.default_rng(seed)
    kinds = random.choice(list(WORDS), rows)
    texts = [" ".join(random.permutation(WORDS[kind].split())) for kind in kinds]
    return pa.table({"text": texts, "kind": kinds.tolist()})


def train(
    ctx: Context,
    table: pa.Table,
    target: str,
    name: str,
    features: tuple[str, ...],
    kinds: tuple[str, ...] = ("lightgbm", "linear"),
    encoder: str = "hashed-1024",
    parents: tuple[str, ...] = (),
) -> str:
    """Train members of these kinds with equal shares; return `model:name@v`."""
    part = table.select(list(features))
    found = infer.profile(part).features
    read = columns.read(part, found)
    chosen = ctx.use(Encoders).get(encoder) if any(f.type == "text" for f in found) else None
    embed(read, [f.name for f in found if f.type == "text"], chosen)
    with threadpool_limits(1, "blas"):  # two threads on a busy machine: 10 times the CPU
        made = Preprocessor(found, fit_texts(found, read))
    views = Views(made, read)
    raw = table.column(target).to_pylist()
    numeric = isinstance(raw[0], float)
    classes: list[Any] = [] if numeric else sorted(set(raw))
    y = np.array(raw if numeric else [classes.index(value) for value in raw])
    parts = {kind: _member(kind, views, y, len(classes)) for kind in kinds}
    manifest = Manifest(
        task="regression" if numeric else "classification",
        target=target,
        classes=classes,
        features=found,
        encoder=None
        if chosen is None
        else EncoderInfo(name=encoder, fingerprint=chosen.fingerprint, dimension=chosen.dim),
        members=[
            MemberInfo(
                name=kind,
                kind=kind,
                learner=kind,
                hyperparameters={"min_data_in_leaf": 5} if kind == "lightgbm" else {},
                rounds=20 if kind == "lightgbm" else 0,
                weight=1 / len(kinds),
            )
            for kind in kinds
        ],
        single=kinds[0],
        chosen="ensemble",
        metric="rmse" if numeric else "accuracy",
        rows=table.num_rows,
        versions=save.versions(),
    )
    with TemporaryDirectory() as folder:
        save.write(Path(folder), manifest, made, parts)
        return ctx.use(Models).save(
            ctx,
            name,
            Path(folder),
            {"task": manifest.task, "target": target, "features": list(features)},
            parents,
        )


def _member(kind: str, views: Views, y: np.ndarray, k: int) -> Any:
    if kind == "linear":
        made: Any = LogisticRegression(C=1.0) if k else Ridge(1.0)
        with threadpool_limits(1, "blas"):
            made.fit(views.linear, y)
        weights = np.atleast_2d(made.coef_).T.astype(np.float32)
        return Linear(weights, np.atleast_1d(made.intercept_).astype(np.float32), k)
    if kind == "neighbours":
        return Neighbours(views.text.astype(np.float16), y, 5, 0.1, k)
    settings = {
        "objective": "regression" if not k else "binary" if k == 2 else "multiclass",
        "verbosity": -1,
        "num_threads": 1,
        "min_data_in_leaf": 5,
        **({"num_class": k} if k > 2 else {}),
    }
    data = lgb.Dataset(views.tree, y, categorical_feature=views.preprocessor.categorical or "auto")
    booster = lgb.train(settings, data, num_boost_round=20)
    return LightGBM(lgb.Booster(model_str=booster.model_to_string()), k)


def dataset(ctx: Context, table: pa.Table, name: str) -> str:
    """Write a dataset; return `dataset:name@v`."""
    return ctx.use(Datasets).write(ctx, name, table)
