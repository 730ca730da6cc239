"""A saved model answers as the trained one, by table, by rows and after a trip to disk."""

import functools
import json
import tempfile
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millrace.core.errors import Conflict, InvalidInput, Unavailable
from millrace.services.predictor import columns, infer, save
from millrace.services.predictor.attribution import contributions
from millrace.services.predictor.manifest import FILE, Manifest, MemberInfo
from millrace.services.predictor.members.member import Member
from millrace.services.predictor.members.trees import LightGBM
from millrace.services.predictor.members.vectors import Linear
from millrace.services.predictor.predictor import Predictor
from millrace.services.predictor.views import Preprocessor, Views
from tests.support.models import people


def table(rows: int = 240) -> pa.Table:
    found = people(rows)
    start = np.datetime64("2024-01-01T00:00:00")
    since = start + np.arange(rows).astype("timedelta64[h]") * 7
    kinds = [f"kind {at % 40}" for at in range(rows)]
    return found.append_column("since", pa.array(since)).append_column("kind", pa.array(kinds))


@functools.cache
def fit(target: str, *features: str) -> tuple[Manifest, Preprocessor, dict[str, Member]]:
    rows = table()
    profile = infer.profile(rows.select(list(features))).features
    made = Preprocessor(profile, {})
    views = Views(made, columns.read(rows, profile))
    values = rows[target].to_pylist()
    classes: list[Any] = [] if target == "income" else sorted(set(values))
    y = np.array([classes.index(v) for v in values] if classes else values, dtype=float)
    objective = {0: "regression", 2: "binary"}.get(len(classes), "multiclass")
    options = {"objective": objective, "verbosity": -1, "num_threads": 1, "min_data_in_leaf": 5}
    if objective == "multiclass":
        options["num_class"] = len(classes)
    data = lgb.Dataset(views.tree, y, categorical_feature=made.categorical or "auto")
    booster = lgb.train(options, data, num_boost_round=12)
    random = np.random.default_rng(0)
    outputs = len(classes) if len(classes) > 2 else 1
    weights = random.normal(0, 0.2, (len(made.linear_owner), outputs)).astype(np.float32)
    parts: dict[str, Member] = {
        "trees": LightGBM(booster, len(classes)),
        "line": Linear(weights, np.zeros(outputs, np.float32), len(classes)),
    }
    manifest = Manifest(
        task="classification" if classes else "regression",
        target=target,
        classes=classes,
        features=profile,
        members=[
            MemberInfo(name="trees", kind="lightgbm", learner="lightgbm", weight=0.75),
            MemberInfo(name="line", kind="linear", learner="linear", weight=0.25),
        ],
        single="trees",
        chosen="ensemble",
        versions=save.versions(),
    )
    return manifest, made, parts


FEATURES = ["age", "city", "member", "since", "kind"]


@pytest.fixture(scope="module", params=["buys", "income", "city"])
def saved(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target: str = request.param
    manifest, made, parts = fit(target, *[name for name in FEATURES if name != target])
    folder = tmp_path_factory.mktemp(target)
    save.write(folder, manifest, made, parts)
    return folder


@pytest.mark.parametrize("choice", ["ensemble", "single"])
def test_reading_back_changes_nothing(choice: Any) -> None:
    for target in ("buys", "income", "city"):
        manifest, made, parts = fit(target, *[name for name in FEATURES if name != target])
        before = Predictor(manifest, made, parts, None, choice)
        with tempfile.TemporaryDirectory() as place:
            save.write(Path(place), manifest, made, parts)
            after = Predictor.load(Path(place), None, choice)
        rows = table()
        one, two = before.predict(rows), after.predict(rows)
        assert np.array_equal(one.values, two.values)
        if one.proba is not None:
            assert two.proba is not None
            assert np.array_equal(one.proba, two.proba)
            assert np.allclose(one.proba.sum(axis=1), 1)


def test_nothing_saved_is_a_pickle(saved: Path) -> None:
    names = {path.suffix for path in saved.iterdir()}
    assert names <= {".json", ".txt", ".safetensors", ".cbm"}
    for path in saved.iterdir():
        assert not path.read_bytes().startswith(
            (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
        )


def test_few_rows_answer_as_a_table_does(saved: Path) -> None:
    predictor = Predictor.load(saved)
    rows = table(16)
    by_table = predictor.predict(rows)
    arrays: dict[str, Any] = {name: rows[name].to_pylist() for name in predictor.features}
    by_rows = predictor.predict_arrays(arrays)
    assert list(by_rows.values) == pytest.approx(list(by_table.values)) or list(
        by_rows.values
    ) == list(by_table.values)
    one = predictor.predict_arrays({name: values[:1] for name, values in arrays.items()})
    assert one.values[0] == by_rows.values[0]


value_of = {
    "age": st.one_of(st.none(), st.floats(), st.integers(-(10**6), 10**6)),
    "city": st.one_of(st.none(), st.sampled_from(["Oslo", " Rome ", "", "Lima"])),
    "member": st.one_of(st.none(), st.booleans()),
    "since": st.one_of(
        st.none(), st.datetimes(min_value=__import__("datetime").datetime(1950, 1, 1))
    ),
    "kind": st.one_of(st.none(), st.sampled_from(["kind 1", "kind 39"])),
}


@settings(max_examples=60, deadline=None)
@pytest.mark.parametrize("target", ["buys", "income", "city"])
@given(row=st.fixed_dictionaries(value_of))
def test_one_row_in_plain_python_equals_arrow(target: str, row: dict[str, Any]) -> None:
    predictor = Predictor(*fit(target, *[name for name in FEATURES if name != target]))
    given_row = {name: [row[name]] for name in predictor.features}
    fast = predictor.predict_arrays(given_row)
    types = {f.name: f for f in predictor.manifest.features}
    arrays = {
        name: pa.array(values, pa.timestamp("us") if types[name].type == "date" else None)
        for name, values in given_row.items()
    }
    slow = predictor.predict(pa.table(arrays))
    if fast.proba is None:
        assert fast.values[0] == pytest.approx(slow.values[0], rel=1e-6)
    else:
        assert slow.proba is not None
        assert np.allclose(fast.proba, slow.proba, atol=1e-6)


def test_unseen_categories_are_counted_and_missing_values_are_not() -> None:
    manifest, made, parts = fit("buys", "age", "city")
    predictor = Predictor(manifest, made, parts)
    found = predictor.predict(pa.table({"age": [1.0, 2.0, None], "city": ["Bonn", "Oslo", None]}))
    assert found.unseen == {"city": 1}
    assert "'city' has 1 values that training never saw" in found.warnings[0]
    again = predictor.predict_arrays({"age": [1.0], "city": ["Bonn"]})
    assert again.unseen == {"city": 1}
    assert again.proba is not None
    assert found.proba is not None
    assert np.allclose(again.proba[0], found.proba[0])


def test_no_rows_give_no_answers(saved: Path) -> None:
    predictor = Predictor.load(saved)
    found = predictor.predict(table().slice(0, 0))
    assert len(found.values) == 0


def test_arrays_are_checked(saved: Path) -> None:
    predictor = Predictor.load(saved)
    rows: dict[str, Any] = {name: table(2)[name].to_pylist() for name in predictor.features}
    with pytest.raises(InvalidInput, match="missing: member"):
        predictor.predict_arrays({k: v for k, v in rows.items() if k != "member"})
    with pytest.raises(InvalidInput, match="'member' has 1 values and"):
        predictor.predict_arrays({**rows, "member": [True]})
    with pytest.raises(InvalidInput, match="'member' holds string") as caught:
        predictor.predict_arrays({**rows, "member": ["yes", "no"]})
    assert "yes" not in str(caught.value)
    with pytest.raises(InvalidInput, match="'member' mixes kinds"):
        predictor.predict_arrays({**rows, "member": [True, "no"]})


def test_contributions_sum_to_the_raw_score() -> None:
    manifest, made, parts = fit("income", *FEATURES)
    predictor = Predictor(manifest, made, parts)
    views = predictor.views(table(20))
    found = contributions(predictor, views)
    assert found is not None
    assert found.features == predictor.features
    assert found.covered == 1.0
    total = found.values.sum(axis=1) + found.base
    assert np.allclose(total[:, 0], predictor.answer(views), rtol=1e-5)


def test_answers_come_in_units_of_the_target() -> None:
    manifest, made, parts = fit("income", *FEATURES)
    scaled = manifest.model_copy(update={"center": 100.0, "scale": 2.0})
    plain, other = Predictor(manifest, made, parts), Predictor(scaled, made, parts)
    rows = table(20)
    expected = plain.predict(rows).values * 2 + 100
    assert np.allclose(other.predict(rows).values, expected)
    arrays = {name: rows[name].to_pylist()[:2] for name in FEATURES}
    assert np.allclose(other.predict_arrays(arrays).values, expected[:2])
    found = contributions(other, other.views(rows))
    assert found is not None
    assert np.allclose((found.values.sum(axis=1) + found.base)[:, 0], expected, rtol=1e-5)


def test_contributions_of_classes_are_log_odds() -> None:
    manifest, made, parts = fit("buys", "age", "city")
    predictor = Predictor(manifest, made, parts, None, "single")
    views = predictor.views(table(20))
    found = contributions(predictor, views)
    assert found is not None
    raw = (found.values.sum(axis=1) + found.base)[:, 0]
    assert np.allclose(1 / (1 + np.exp(-raw)), predictor.answer(views)[:, 1])


def change(folder: Path, **values: Any) -> None:
    found = json.loads((folder / FILE).read_text())
    (folder / FILE).write_text(json.dumps({**found, **values}))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    manifest, made, parts = fit("buys", "age", "city")
    save.write(tmp_path, manifest, made, parts)
    return tmp_path


def test_a_newer_format_says_so(folder: Path) -> None:
    change(folder, format=99, surprise=True)
    with pytest.raises(Conflict, match="format 99, and this Millrace reads up to 1"):
        Predictor.load(folder)


@pytest.mark.parametrize("broken", ["{", "[]", '{"format": 1}', ""])
def test_a_broken_manifest_says_so(folder: Path, broken: str) -> None:
    (folder / FILE).write_text(broken)
    with pytest.raises(InvalidInput, match="holds no readable manifest"):
        Predictor.load(folder)


def test_damaged_and_hostile_members_are_refused(folder: Path) -> None:
    (folder / "trees.txt").write_text("tree\nnonsense")
    with pytest.raises(InvalidInput, match=r"'trees.txt' is missing or damaged"):
        Predictor.load(folder)
    (folder / "line.safetensors").write_bytes(b"\x80\x04.")
    member = {"name": "line", "kind": "linear", "learner": "x", "weight": 1.0}
    change(folder, members=[member], single="line")
    with pytest.raises(InvalidInput, match=r"'line.safetensors' is missing or damaged"):
        Predictor.load(folder)
    change(folder, members=[{**member, "kind": "pickle"}])
    with pytest.raises(InvalidInput, match="member of kind 'pickle'"):
        Predictor.load(folder)
    change(folder, members=[{**member, "name": "../line"}], single="../line")
    with pytest.raises(InvalidInput, match="missing or damaged"):
        Predictor.load(folder)


def test_a_text_model_needs_its_encoder(folder: Path) -> None:
    change(folder, encoder={"name": "tiny", "fingerprint": "abc", "dimension": 3})
    with pytest.raises(Unavailable, match="encoder 'tiny', and none was given"):
        Predictor.load(folder)

    class Other:
        name, fingerprint = "tiny", "xyz"

        def encode(self, texts: Any) -> Any:
            return np.zeros((len(texts), 3), np.float32)

    class Shelf:
        def get(self, name: str | None = None) -> Other:
            return Other()

    with pytest.raises(Conflict, match="not the one the model was trained with"):
        Predictor.load(folder, Shelf())
