"""Each kind of member: predict, save, read back, attribute."""

import threading
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pyarrow as pa
import pytest

from millrace.core.errors import InvalidInput, MissingExtra
from millrace.services.predictor import columns, infer
from millrace.services.predictor.members import trees
from millrace.services.predictor.members.member import load
from millrace.services.predictor.members.rows import FewRows
from millrace.services.predictor.members.single import SingleRow
from millrace.services.predictor.members.vectors import Neighbours
from millrace.services.predictor.views import Preprocessor, Views, embed, fit_texts
from tests.support.models import messages, people


def views_of(table: pa.Table) -> Views:
    features = infer.profile(table).features
    return Views(Preprocessor(features, {}), columns.read(table, features))


class Letters:
    """An encoder that counts letters."""

    name, fingerprint = "letters", "1"

    def encode(self, texts: Any) -> Any:
        counts = np.array([[text.count(c) for c in "abcdefghijklmnop"] for text in texts], float)
        return (counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1e-9)).astype(
            np.float32
        )


@pytest.mark.parametrize("outputs", [0, 2, 3])
def test_catboost_survives_the_disk_and_adds_up(tmp_path: Path, outputs: int) -> None:
    catboost = pytest.importorskip("catboost", reason="the extra 'automl' is not installed")
    rows = people(80)
    views = views_of(rows.select(["age", "city", "member"]))
    y = np.arange(80) % outputs if outputs else np.asarray(rows["income"])
    loss = {0: "RMSE", 2: "Logloss", 3: "MultiClass"}[outputs]
    options = {"loss_function": loss, "iterations": 5, "depth": 3, "thread_count": 1}
    model = catboost.CatBoost({**options, "allow_writing_files": False, "verbose": False})
    model.fit(trees.catboost_pool(views.tree, views.preprocessor.categorical, y))
    member = trees.CatBoost(model, outputs)
    member.save(tmp_path, "cat")
    again = load("catboost", tmp_path, "cat", outputs)
    assert np.array_equal(member.predict(views), again.predict(views))
    found = again.contributions(views)
    assert found is not None
    assert found.shape == (80, outputs if outputs > 2 else 1, 4)
    if outputs == 0:
        assert np.allclose(found[:, 0].sum(axis=1), member.predict(views))
    (tmp_path / "cat.cbm").write_bytes(b"nothing")
    with pytest.raises(InvalidInput, match="'cat.cbm' is missing or damaged"):
        load("catboost", tmp_path, "cat", outputs)
    few = FewRows(views.preprocessor, {"cat": again}, {"cat": 1.0}, outputs)
    answer = few.answer([rows[name].to_pylist()[:3] for name in ("age", "city", "member")], 3)
    assert np.allclose(np.asarray(answer), member.predict(views)[:3])


def test_catboost_columns_keep_their_order() -> None:
    assert trees.catboost_order(5, [1, 3]) == [0, 2, 4, 1, 3]


def test_without_catboost_the_install_command_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "catboost", None)
    with pytest.raises(MissingExtra, match=r"pip install 'millrace\[automl\]'"):
        trees.import_catboost()


@pytest.mark.parametrize("outputs", [0, 2])
def test_neighbours_vote_and_survive_the_disk(tmp_path: Path, outputs: int) -> None:
    rows = messages(60)
    features = infer.profile(rows.select(["text"])).features
    read = columns.read(rows, features)
    embed(read, ["text"], Letters())
    views = Views(Preprocessor(features, fit_texts(features, read)), read)
    kinds = np.array([kind == "card" for kind in rows["kind"].to_pylist()])
    targets = kinds.astype(int) if outputs else kinds.astype(float) * 10
    member = Neighbours(views.text.astype(np.float16), targets, 5, 0.05, outputs)
    answer = member.predict(views)
    right = answer.argmax(axis=1) == kinds if outputs else (answer > 5) == kinds
    assert right.all()
    member.save(tmp_path, "near")
    again = load("neighbours", tmp_path, "near", outputs)
    assert np.array_equal(again.predict(views), answer)
    assert again.contributions(views) is None


def test_the_single_row_call_equals_the_batch_in_every_thread() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(300, 6))
    x[::7, 2] = np.nan
    data = lgb.Dataset(x, x[:, 0] + x[:, 1] ** 2)
    booster = lgb.train({"verbosity": -1, "num_threads": 1}, data, num_boost_round=20)
    expected = np.asarray(booster.predict(x, num_threads=1))
    single = SingleRow(booster.model_to_string(), 6, 0)
    wrong: list[int] = []

    def work(start: int) -> None:
        wrong.extend(at for at in range(start, 300, 4) if single.predict(x[at])[0] != expected[at])

    threads = [threading.Thread(target=work, args=(start,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    single.close()
    single.close()
