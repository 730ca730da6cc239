"""The ops of drift on real datasets of a workspace."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from millrace.core.context import Context
from millrace.core.errors import InvalidInput, NotFound
from millrace.drift.ops import psi, test
from millrace.drift.types import PsiParams, TestParams
from millrace.stores.datasets import Datasets

compare: Any = test  # its own name would be collected by pytest
del test


def write(ctx: Context, name: str, **columns: Any) -> str:
    return ctx.use(Datasets).write(ctx, name, pa.table(columns))


@pytest.fixture
def windows(ctx: Context) -> Context:
    rng = np.random.default_rng(0)
    write(ctx, "before", x=rng.normal(size=600), c=["a", "b", "c"] * 200, old=[1] * 600)
    write(ctx, "now", x=rng.normal(1.0, 1, 300), c=["a", "b", "c"] * 100, new=["z"] * 300)
    return ctx


def test_the_verdict_names_what_changed(windows: Context) -> None:
    found = compare(TestParams(reference="before", current="now"), windows)
    assert found.drifted
    assert found.columns[0].column in {"x", "(all columns together)"}
    assert "'x' (large: median" in found.verdict
    assert {one.column: one.why for one in found.not_tested} == {
        "old": "only the reference has it",
        "new": "only the current dataset has it",
    }
    assert found.notes == ["2 columns stand in one dataset only."]
    calm = next(one for one in found.columns if one.column == "c")
    assert not calm.drifted
    assert calm.strength == "negligible"


def test_a_dataset_has_not_drifted_from_itself(windows: Context) -> None:
    found = compare(TestParams(reference="before", current="before"), windows)
    assert not found.drifted
    assert found.verdict.startswith("No drift in")


def test_named_columns_only(windows: Context) -> None:
    found = compare(TestParams(reference="before", current="now", columns=["c"]), windows)
    assert [one.column for one in found.columns] == ["c"]


def test_a_large_dataset_is_sampled_and_it_says_so(windows: Context) -> None:
    found = compare(TestParams(reference="before", current="now", rows=100), windows)
    assert (found.rows_reference, found.rows_current) == (100, 100)
    assert "Of 'dataset:before@1' 100 of 600 rows, drawn at random." in found.notes


def test_texts_are_compared_by_meaning(ctx: Context) -> None:
    parcels = [f"Where is my parcel number {row}? It has not come yet." for row in range(60)]
    recipes = [f"Bake the bread number {row} for an hour and let it cool." for row in range(60)]
    write(ctx, "before", text=parcels)
    write(ctx, "same", text=parcels)
    write(ctx, "now", text=recipes)
    found = compare(TestParams(reference="before", current="now"), ctx)
    assert found.columns[0].kind == "text"
    assert found.columns[0].effect == pytest.approx(1.0)
    assert found.drifted
    assert not compare(TestParams(reference="before", current="same"), ctx).drifted


def test_a_stand_in_encoder_is_named_and_the_joint_test_can_be_left_out(ctx: Context) -> None:
    ctx.workspace.settings = ctx.workspace.settings.model_copy(update={"encoder": "hashed-1024"})
    texts = [f"Where is my parcel number {row}, please?" for row in range(60)]
    write(ctx, "before", text=texts, x=[1.0, 2.0] * 30, c=["a", "b"] * 30)
    found = compare(TestParams(reference="before", current="before", joint=False), ctx)
    assert "compared by their spelling" in found.notes[0]
    assert {one.kind for one in found.columns} == {"text", "number", "category"}


def test_the_length_of_texts_is_tested_too(ctx: Context) -> None:
    texts = [f"Where is my parcel number {row}, please?" for row in range(60)]
    write(ctx, "before", text=texts)
    write(ctx, "now", text=[one + " Thank you." for one in texts])
    found = compare(TestParams(reference="before", current="now", text_rows=100), ctx)
    assert found.columns[0].tests["length"] < 1e-6
    assert found.drifted


def test_too_few_texts_are_left_out(ctx: Context) -> None:
    write(ctx, "few", text=[f"Where is my parcel number {row}, please?" for row in range(30)])
    found = compare(TestParams(reference="few", current="few"), ctx)
    assert found.not_tested[0].why == "fewer than 50 texts"


def test_no_shared_column_is_an_error(ctx: Context) -> None:
    write(ctx, "before", x=[1.0, 2.0])
    write(ctx, "now", y=[1.0, 2.0])
    with pytest.raises(InvalidInput, match="share no column"):
        compare(TestParams(reference="before", current="now"), ctx)


def test_an_empty_window_is_an_error(ctx: Context) -> None:
    write(ctx, "before", x=[1.0, 2.0])
    write(ctx, "now", x=pa.array([], pa.float64()))
    with pytest.raises(InvalidInput, match="'dataset:now@1' has no rows"):
        compare(TestParams(reference="before", current="now"), ctx)


def test_an_unknown_column_is_named(windows: Context) -> None:
    with pytest.raises(InvalidInput, match="Column 'nope' is not in"):
        compare(TestParams(reference="before", current="now", columns=["nope"]), windows)


def test_an_unknown_dataset_is_not_found(ctx: Context) -> None:
    with pytest.raises(NotFound):
        compare(TestParams(reference="no", current="no"), ctx)


def test_psi_says_how_much_is_missing(ctx: Context) -> None:
    write(ctx, "before", x=[1.0, 2.0, 3.0, 4.0])
    write(ctx, "now", x=[1.0, 4.0, 4.0, None])
    found = psi(PsiParams(reference="before", current="now", column="x", bins=2), ctx)
    assert found.score == pytest.approx(
        (2 / 3 - 0.5) * np.log(4 / 3) + (1 / 3 - 0.5) * np.log(2 / 3)
    )
    assert (found.drifted, found.missing_current) == (False, 0.25)


def test_psi_of_an_empty_column_is_an_error(ctx: Context) -> None:
    write(ctx, "before", x=pa.array([None, None], pa.float64()))
    with pytest.raises(InvalidInput, match="has no values"):
        psi(PsiParams(reference="before", current="before", column="x"), ctx)
