import zipfile
from pathlib import Path

import pytest

from millrace.core.context import Context
from millrace.core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from millrace.core.policy import Actor
from millrace.core.workspace import Workspace
from millrace.evaluation import ops as evaluation
from millrace.evaluation.types import RunParams
from millrace.explanation import ops as explanation
from millrace.explanation.types import ImportanceParams
from millrace.model import ops
from millrace.model import types as t
from millrace.services.predictor.predictor import Predictor
from millrace.stores import tables
from millrace.stores.artifacts import Artifacts
from millrace.stores.models import Models
from millrace.stores.objects import Objects
from millrace.stores.sql import Database
from tests.support import models


@pytest.fixture
def trained(ctx: Context) -> list[str]:
    """Three versions of one model."""
    table = models.people(60)
    return [
        models.train(ctx, table, "buys", "buyer", (name,), ("linear",))
        for name in ("age", "city", "member")
    ]


def promote(ctx: Context, version: int) -> t.MovedResult:
    return ops.promote(t.PromoteParams(model=f"buyer@{version}"), ctx)


def roll_back(ctx: Context) -> t.MovedResult:
    return ops.roll_back(t.RollBackParams(name="buyer"), ctx)


def test_list_and_show(ctx: Context, trained: list[str]) -> None:
    promote(ctx, 2)
    models.train(ctx, models.people(60), "income", "earner", ("age",), ("linear",))
    found = ops.list_models(t.ListParams(), ctx)
    assert [(line.name, line.version) for line in found.models] == [("buyer", 3), ("earner", 1)]
    assert found.total == 2
    shown = ops.show(t.ModelParams(model="buyer@champion"), ctx)
    assert shown.ref == trained[1]
    assert shown.aliases == ["champion"]
    assert [feature.name for feature in shown.features] == ["city"]
    assert shown.classes == ["no", "yes"]
    assert [line.version for line in shown.versions] == [3, 2, 1]
    assert [move.version for move in shown.history] == [2]
    page = ops.list_models(t.ListParams(offset=1, limit=1), ctx)
    assert [line.name for line in page.models] == ["earner"]


def test_promote_and_roll_back(ctx: Context, trained: list[str]) -> None:
    for version in (1, 2, 3):
        moved = promote(ctx, version)
        assert moved.changed
        assert moved.notes == []
    assert not promote(ctx, 3).changed
    back = roll_back(ctx)
    assert (back.model, back.previous) == (trained[1], trained[2])
    assert roll_back(ctx).model == trained[0]
    with pytest.raises(Conflict, match="no earlier champion"):
        roll_back(ctx)
    assert ctx.use(Artifacts).get("buyer@champion", "model").ref == trained[0]
    assert promote(ctx, 3).model == trained[2]
    assert roll_back(ctx).model == trained[0]


def test_mlflow_sees_the_champion(ctx: Context, trained: list[str]) -> None:
    from millrace.stores.tracking import REF_TAG, Tracking

    promote(ctx, 2)
    roll = ctx.use(Tracking).client.get_model_version_by_alias("buyer", "champion")
    assert roll.tags[REF_TAG] == trained[1]


def test_a_deleted_champion_is_passed_over(ctx: Context, trained: list[str]) -> None:
    for version in (1, 2, 3):
        promote(ctx, version)
    with pytest.raises(Conflict, match="in use as champion"):
        ops.delete(t.ModelParams(model="buyer@3"), ctx)
    left = ops.delete(t.ModelParams(model="buyer@2"), ctx).left
    assert left == [trained[2], trained[0]]
    assert roll_back(ctx).model == trained[0]
    with pytest.raises(NotFound, match="no 'model:buyer@2'"):
        ops.show(t.ModelParams(model="buyer@2"), ctx)


def test_delete_the_last_version(ctx: Context) -> None:
    models.train(ctx, models.people(60), "buys", "lone", ("age",), ("linear",))
    assert ops.delete(t.ModelParams(model="lone@1"), ctx).left == []


def test_aliases_come_and_go(ctx: Context, trained: list[str]) -> None:
    set_to = t.AliasParams(model="buyer@2", alias="challenger")
    assert ops.alias(set_to, ctx).model == trained[1]
    gone = ops.alias(t.AliasParams(model="buyer", alias="challenger", remove=True), ctx)
    assert (gone.model, gone.previous, gone.changed) == ("", trained[1], True)
    with pytest.raises(NotFound, match="no alias 'challenger'"):
        ops.alias(t.AliasParams(model="buyer", alias="challenger", remove=True), ctx)
    with pytest.raises(NotFound, match="no 'model:buyer@9'"):
        promote(ctx, 9)
    with pytest.raises(NotFound, match="model:buyer@champion"):
        roll_back(ctx)


def test_moves_and_their_events_are_one(ctx: Context, trained: list[str]) -> None:
    from sqlalchemy import select

    from millrace.stores import tables
    from millrace.stores.sql import Database

    promote(ctx, 1)
    promote(ctx, 2)
    roll_back(ctx)
    with ctx.use(Database).read() as connection:
        kinds = connection.execute(
            select(tables.event.c.kind, tables.event.c.data).order_by(tables.event.c.seq)
        ).all()
    told = [(kind, data["ref"]) for kind, data in kinds if kind in ("alias", "rolled_back")]
    assert told == [
        ("alias", trained[0]),
        ("alias", trained[1]),
        ("alias", trained[0]),
        ("rolled_back", trained[0]),
    ]


def test_a_failed_roll_back_leaves_everything(ctx: Context, trained: list[str]) -> None:
    promote(ctx, 2)
    before = ctx.use(Artifacts).alias_history("model", "buyer", "champion")
    with pytest.raises(Conflict):
        roll_back(ctx)
    assert ctx.use(Artifacts).alias_history("model", "buyer", "champion") == before
    assert ctx.use(Artifacts).get("buyer@champion", "model").ref == trained[1]


@pytest.mark.parametrize("form", ["zip", "folder"])
def test_a_model_travels_to_another_workspace(
    ctx: Context, trained: list[str], tmp_path: Path, form: str
) -> None:
    target = tmp_path / "out" / "m"
    params = t.ExportParams.model_validate(
        {"model": "buyer@1", "path": str(target), "format": form}
    )
    sent = ops.export(params, ctx)
    assert sent.path == str(target)
    with Workspace.open(tmp_path / "other", {"durability": "normal"}) as other:
        there = Context(workspace=other)
        got = ops.import_package(t.ImportParams(path=str(target)), there)
        assert got.model == "model:buyer@1"
        assert got.origin == "buyer@1"
        assert got.files == len(sent.files)
        mine = Predictor.load(ctx.use(Models).load_folder(trained[0]))
        theirs = Predictor.load(there.use(Models).load_folder(got.model))
        table = models.people(20, 4)
        said = mine.predict(table).proba
        told = theirs.predict(table).proba
        assert said is not None
        assert told is not None
        assert (said == told).all()
        again = ops.import_package(t.ImportParams(path=str(target), name="second"), there)
        assert again.model == "model:second@1"


def test_export_has_its_place(ctx: Context, trained: list[str], tmp_path: Path) -> None:
    del trained
    sent = ops.export(t.ExportParams(model="buyer@1"), ctx)
    assert sent.path == str(ctx.workspace.root.resolve() / "exports" / "buyer-v1.zip")
    assert ops.export(t.ExportParams(model="buyer@1"), ctx) == sent  # the very same is there
    with pytest.raises(Conflict, match="exists already"):
        ops.export(t.ExportParams(model="buyer@2", path=sent.path), ctx)
    inside = ctx.workspace.root / "objects" / "x.zip"
    with pytest.raises(NotAllowed, match="inside the workspace"):
        ops.export(t.ExportParams(model="buyer@1", path=str(inside)), ctx)
    editor = ctx.but(actor=Actor(name="ed", role="editor"))
    with pytest.raises(NotAllowed, match="effect is 'external'"):
        ops.export(t.ExportParams(model="buyer@1", path=str(tmp_path / "x.zip")), editor)
    there = str(ctx.workspace.root / "exports" / "mine")
    ops.export(t.ExportParams(model="buyer@1", path=there, format="folder"), editor)


def test_register_takes_a_bare_folder(ctx: Context, trained: list[str], tmp_path: Path) -> None:
    source = ctx.use(Models).load_folder(trained[0])
    got = ops.register(t.RegisterParams(path=str(source), name="taken"), ctx)
    assert got.model == "model:taken@1"
    assert got.origin == ""
    odd = tmp_path / "odd"
    odd.mkdir()
    for path in source.iterdir():
        (odd / path.name).write_bytes(path.read_bytes())
    (odd / "setup.py").write_text("raise SystemExit", encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"no part of a model: setup\.py"):
        ops.register(t.RegisterParams(path=str(odd), name="taken"), ctx)
    with pytest.raises(InvalidInput, match="is no path"):
        ops.register(t.RegisterParams(path="a\0b", name="taken"), ctx)
    assert list(ctx.workspace.folder("cache").glob("tmp*")) == []


def test_a_damaged_model_is_not_stored(ctx: Context, trained: list[str], tmp_path: Path) -> None:
    source = ctx.use(Models).load_folder(trained[0])
    path = tmp_path / "bad.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(source / "manifest.json", "manifest.json")
        archive.writestr("linear.safetensors", b"rubbish")
    with pytest.raises(InvalidInput, match="missing or damaged"):
        ops.register(t.RegisterParams(path=str(path), name="bad"), ctx)
    with pytest.raises(NotFound):
        ctx.use(Models).get("bad")


def evaluated(ctx: Context) -> str:
    models.dataset(ctx, models.people(80, 1), "people")
    source = models.dataset(ctx, models.people(), "shoppers")
    ref = models.train(
        ctx, models.people(), "buys", "shopper", ("age", "city"), ("lightgbm",), parents=(source,)
    )
    evaluation.run(RunParams(model=ref, dataset="people", resamples=50), ctx)
    steps = explanation.importance(ImportanceParams(model=ref, dataset="people"), ctx)
    while next(steps, None) is not None:
        pass
    return ref


def test_lineage_goes_both_ways(ctx: Context) -> None:
    ref = evaluated(ctx)
    found = ops.lineage(t.LineageParams(ref="shopper"), ctx)
    assert found.ref == ref
    assert {node.ref for node in found.nodes} == {
        ref,
        "dataset:shoppers@1",
        "report:shopper-evaluation@1",
        "report:shopper-importance@1",
    }
    assert "flowchart LR" in found.mermaid
    up = ops.lineage(t.LineageParams(ref="report:shopper-evaluation", direction="up"), ctx)
    assert {node.ref for node in up.nodes} == {
        ref,
        "dataset:people@1",
        "dataset:shoppers@1",
        "report:shopper-evaluation@1",
    }
    assert len(up.edges) == 3
    with pytest.raises(NotFound):
        ops.lineage(t.LineageParams(ref="nobody"), ctx)
    with pytest.raises(InvalidInput, match="no kind that is known"):
        ops.lineage(t.LineageParams(ref="planet:mars"), ctx)


def test_lineage_keeps_the_names_of_deleted_things(ctx: Context, trained: list[str]) -> None:
    artifacts = ctx.use(Artifacts)
    artifacts.add(ctx, "report", "note", {}, parents=[trained[0]])
    ops.delete(t.ModelParams(model="buyer@1"), ctx)
    found = ops.lineage(t.LineageParams(ref="report:note"), ctx)
    gone = {node.ref: node for node in found.nodes}[trained[0]]
    assert gone.created_at is None


def test_a_card_tells_the_whole_story(ctx: Context, tmp_path: Path) -> None:
    ref = evaluated(ctx)
    params = t.CardParams(
        model="shopper", about="Guesses who buys <b>.", path=str(tmp_path / "card.html")
    )
    found = ops.card(params, ctx)
    page = ctx.use(Objects).get_bytes(found.html).decode()
    assert page == (tmp_path / "card.html").read_text(encoding="utf-8")
    for said in (
        "How good it is",
        "What it looks at",
        "Limits",
        "Intended use",
        "Training",
        "How to reproduce it",
        "Lineage",
    ):
        assert said in page
    assert "<script" not in page
    assert "Guesses who buys &lt;b&gt;." in page
    assert found.markdown.startswith("# Model card: shopper\\@1")
    assert "flowchart LR" in found.markdown
    edges = ctx.use(Artifacts).lineage(found.report)
    assert (ref, found.report) in edges
    assert ("report:shopper-evaluation@1", found.report) in edges
    shown = ops.show(t.ModelParams(model="shopper"), ctx)
    assert found.report in shown.reports


def test_a_card_without_an_evaluation_says_so(ctx: Context, trained: list[str]) -> None:
    del trained
    found = ops.card(t.CardParams(model="buyer"), ctx)
    assert found.path == ""
    assert "No evaluation is stored" in found.markdown
    assert "Nothing is known of its quality" in found.markdown


def test_a_card_of_a_regressor(ctx: Context) -> None:
    models.dataset(ctx, models.people(80, 1), "people")
    ref = models.train(ctx, models.people(), "income", "earner", ("age", "member", "city"))
    evaluation.run(RunParams(model=ref, dataset="people", resamples=50), ctx)
    models.dataset(ctx, models.people(60, 2), "others")
    evaluation.run(RunParams(model=ref, dataset="others", resamples=50), ctx)
    found = ops.card(t.CardParams(model="earner"), ctx)
    assert "## On other data" in found.markdown
    assert "Predicted against actual" in found.markdown
    assert "the mean of lightgbm (50%), linear (50%)" in found.markdown


def test_compare_shows_what_a_promotion_would_change(ctx: Context) -> None:
    table = models.people(80)
    models.train(ctx, table, "buys", "pair", ("age",), ("linear",))
    models.train(ctx, table, "buys", "pair", ("age", "city"), ("lightgbm", "linear"))
    alone = ops.compare(t.CompareParams(model="pair"), ctx)
    assert (alone.to, alone.metrics) == ("", [])
    assert "nothing to compare with" in alone.notes[0]
    ops.promote(t.PromoteParams(model="pair@1"), ctx)
    found = ops.compare(t.CompareParams(model="pair"), ctx)
    assert (found.model, found.to) == ("model:pair@2", "model:pair@1")
    assert (found.features.added, found.features.removed) == (["city"], [])
    assert [(f.name, f.before, f.after) for f in found.facts] == [
        ("members", "linear 1.00", "lightgbm 0.50, linear 0.50")
    ]
    back = ops.compare(t.CompareParams(model="pair@1", to="pair@2"), ctx)
    assert back.features.removed == ["city"]
    same = ops.compare(t.CompareParams(model="pair@1"), ctx)
    assert same.notes[0] == "Both are the same version."


def test_describe_takes_over_what_a_person_said(ctx: Context, trained: list[str]) -> None:
    first = ops.describe(t.ModelParams(model="buyer@1"), ctx)
    assert (first.report, first.created_at) == ("", None)
    assert "Nobody has said" in first.markdown
    made = ops.card(t.CardParams(model="buyer@1", intended_use="Routes letters."), ctx)
    again = ops.describe(t.ModelParams(model="buyer@1"), ctx)
    assert again.report == made.report
    assert "Routes letters." in again.markdown


def test_show_tells_of_every_alias(ctx: Context, trained: list[str]) -> None:
    promote(ctx, 1)
    ops.alias(t.AliasParams(model="buyer@2", alias="challenger"), ctx)
    shown = ops.show(t.ModelParams(model="buyer@1"), ctx)
    assert [(m.alias, m.version) for m in shown.history] == [("challenger", 2), ("champion", 1)]
    assert (shown.evaluations, shown.explanations) == ([], [])


def test_an_alias_reaches_a_version_that_mlflow_lacked(ctx: Context, trained: list[str]) -> None:
    from millrace.stores.tracking import Tracking

    client = ctx.use(Tracking).client
    client.delete_registered_model("buyer")
    assert promote(ctx, 2).notes == []
    assert client.get_model_version_by_alias("buyer", "champion")


def test_an_alias_that_mlflow_cannot_set_is_told(ctx: Context) -> None:
    ctx.use(Artifacts).add(ctx, "model", "bare", {})  # no files, so MLflow never gets it
    moved = ops.promote(t.PromoteParams(model="bare@1"), ctx)
    assert "MLflow does not hold 'model:bare@1'" in moved.notes[0]


def test_a_repeated_job_saves_one_version(ctx: Context) -> None:
    with ctx.use(Database).begin() as connection:
        now = {"created_at": 1.0, "actor": {}, "params": {}, "queue": "default", "op_version": 1}
        row = {"id": "job-1", "op": "x.y", "project": "default", "state": "running", "epoch": 0}
        connection.execute(tables.job.insert().values({**row, **now}))
    inside = ctx.but(job="job-1")
    for _ in range(2):
        made = models.train(inside, models.people(40), "buys", "once", ("age",), ("linear",))
        assert made == "model:once@1"
    other = models.train(inside, models.people(40), "buys", "twice", ("age",), ("linear",))
    assert other == "model:twice@1"
    with pytest.raises(Conflict, match="taken over"):
        models.train(inside.but(epoch=7), models.people(40), "buys", "late", ("age",), ("linear",))
    assert len(ctx.use(Artifacts).versions("model", "once")) == 1


def test_projects_keep_their_models_apart_in_mlflow(ctx: Context) -> None:
    from millrace.stores.tracking import REF_TAG, Tracking

    there = ctx.but(project="elsewhere")
    for place in (ctx, there):
        models.train(place, models.people(40), "buys", "buyer", ("age",), ("linear",))
        ops.promote(t.PromoteParams(model="buyer@1"), place)
    client = ctx.use(Tracking).client
    for name in ("buyer", "elsewhere~buyer"):
        version = client.get_model_version_by_alias(name, "champion")
        assert version.tags[REF_TAG] == "model:buyer@1"
