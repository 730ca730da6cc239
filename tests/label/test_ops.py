"""Label ops as a user calls them."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from millrace.core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from millrace.core.policy import Actor
from millrace.core.workspace import Workspace
from millrace.label.types.sets import LabelSet
from millrace.stores.artifacts import Artifacts
from millrace.stores.datasets import Datasets
from millrace.stores.jobs import Jobs
from tests.label.examples import LABELS, TEXTS, answered, labelled, tickets
from tests.support.examples import World

HASHED = "hashed-1024"


@pytest.fixture
def world(workspace: Workspace, tmp_path: Path) -> World:
    return World(workspace, tmp_path)


def create(world: World, **params: Any) -> Any:
    given = {"name": "kind", "labels": LABELS, "dataset": "tickets", "column": "text", **params}
    return world.call("label.create_set", **given)


def say(world: World, item: int, value: str, who: str, **more: Any) -> Any:
    return world.call(
        "label.annotate", labelset="kind", item=item, value=value, annotator=who, **more
    )


def rows(world: World, ref: str) -> list[dict[str, Any]]:
    return world.use(Datasets).read(ref).to_pylist()


def test_a_set_takes_labels_from_a_column_and_gives_keys(world: World) -> None:
    tickets(world)
    made = create(world, labels=[], from_column="kind")
    assert made.labelset == "labelset:kind@1"
    assert made.definition.dataset == "dataset:tickets@1"
    assert [(one.name, one.key) for one in made.definition.labels] == [
        ("delivery", "1"),
        ("refund", "2"),
    ]
    assert world.use(Artifacts).lineage("dataset:tickets@1") == [
        ("dataset:tickets@1", "labelset:kind@1")
    ]


def test_the_next_version_needs_the_one_it_replaces(world: World) -> None:
    labelled(world)
    with pytest.raises(Conflict, match="'kind' exists"):
        create(world)
    with pytest.raises(Conflict, match="is at version 1, not 7"):
        create(world, expected=7)
    assert create(world, guidelines="new", expected=1).labelset == "labelset:kind@2"
    with pytest.raises(Conflict, match="has been replaced by version 2"):
        world.call("label.annotate", labelset="kind@1", item=0, value="refund")
    with pytest.raises(NotFound, match="no label set 'other'"):
        create(world, name="other", expected=1)
    assert world.call("label.show_set", labelset="kind@1").definition.guidelines == ""


def test_a_new_version_may_not_orphan_answers(world: World) -> None:
    answered(world)
    with pytest.raises(Conflict, match="use refund, which the new version does not have"):
        create(world, labels=[{"name": "delivery"}, {"name": "other"}], expected=1)
    changed = pa.table({"_id": [0, 1], "text": ["where is my parcel", "changed"]})
    world.use(Datasets).write(world.ctx, "tickets", changed)
    with pytest.raises(Conflict, match="5 labelled rows of 'dataset:tickets@1' differ"):
        create(world, expected=1)
    more = world.use(Datasets).read("tickets@1").append_column("n", pa.array(range(6)))
    world.use(Datasets).write(world.ctx, "tickets", more)
    assert create(world, expected=1).definition.dataset == "dataset:tickets@3"


def test_a_set_without_a_text_column_goes_on_with_its_rows(world: World) -> None:
    tickets(world)
    create(world, column="")
    world.call("label.queue", labelset="kind")
    say(world, 3, "refund", "ann")
    more = world.use(Datasets).read("tickets@1").append_column("n", pa.array(range(6)))
    world.use(Datasets).write(world.ctx, "tickets", more)
    assert create(world, column="", expected=1).definition.dataset == "dataset:tickets@2"
    world.use(Datasets).write(world.ctx, "tickets", more.slice(0, 3))
    with pytest.raises(Conflict, match="1 labelled rows of 'dataset:tickets@2' differ or are gone"):
        create(world, column="", expected=2)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"labels": [{"name": "x"}]}, "has 1 labels"),
        ({"labels": [{"name": "x"}, {"name": "x"}]}, "name 'x' stands twice"),
        ({"labels": [{"name": "x", "key": "a"}, {"name": "y", "key": "a"}]}, "key 'a' stands"),
        ({"labels": [{"name": " "}, {"name": "y"}]}, "labels.0.name"),
        ({"from_column": "kind"}, "stands in for 'labels'"),
        ({"labels": [], "from_column": "nothing"}, "Column 'nothing' is not in"),
        ({"column": "txt"}, "Column 'txt' is not in"),
        ({"redundancy": 0}, "redundancy"),
    ],
)
def test_a_set_that_cannot_be_is_refused(world: World, params: dict, said: str) -> None:
    tickets(world)
    with pytest.raises(InvalidInput, match=said):
        create(world, **params)


def test_a_column_of_one_value_makes_no_labels(world: World) -> None:
    world.use(Datasets).write(world.ctx, "tickets", pa.table({"text": ["a", "b"], "kind": [1, 1]}))
    with pytest.raises(InvalidInput, match="has 1 different values"):
        create(world, labels=[], from_column="kind")


def test_a_column_of_texts_makes_no_labels(world: World) -> None:
    table = pa.table({"text": ["a", "b"], "kind": ["x" * 300, " y "]})
    world.use(Datasets).write(world.ctx, "tickets", table)
    with pytest.raises(InvalidInput, match="has a value of 300 characters"):
        create(world, labels=[], from_column="kind")


def test_people_work_through_the_queue(world: World) -> None:
    labelled(world)
    first = world.call("label.next", labelset="kind", annotator="ann", count=2)
    assert [(task.item, task.text) for task in first.tasks] == [(0, TEXTS[0][0]), (1, TEXTS[1][0])]
    assert say(world, 0, "delivery", "ann").version == 1
    assert say(world, 0, "delivery", "ann").repeated
    with pytest.raises(Conflict, match="Send 'expected' 1 to replace it"):
        say(world, 0, "refund", "ann")
    with pytest.raises(InvalidInput, match=r"'parcel' is not a label .* Its labels are delivery"):
        say(world, 1, "parcel", "ann")
    world.call("label.skip", labelset="kind", item=1, annotator="ann")
    world.call("label.flag", labelset="kind", item=2, annotator="bob", note="cut off")
    found = world.call("label.progress", labelset="kind")
    assert (found.begun, found.skipped, found.flagged, found.items) == (1, 1, 1, 6)
    assert [person.annotator for person in found.people] == ["ann", "bob"]
    assert world.call("label.undo", labelset="kind", annotator="bob").state == "none"
    assert world.call("label.show_set", labelset="kind").answers == 1


def test_only_editors_speak_for_others(world: World) -> None:
    labelled(world)
    ann = Actor(name="ann", role="annotator")
    from millrace.core.context import Context
    from millrace.label import ops
    from millrace.label.types.answers import AnnotateParams

    ctx = Context(workspace=world.workspace, actor=ann)
    params = AnnotateParams(labelset="kind", item=0, value="refund", annotator="bob")
    with pytest.raises(NotAllowed, match="'ann' may not annotate as 'bob'"):
        ops.annotate(params, ctx)
    with pytest.raises(NotAllowed, match="may not adjudicate"):
        ops.adjudicate(params, ctx)
    own = params.model_copy(update={"annotator": None})
    assert ops.annotate(own, ctx).annotator == "ann"


def test_a_repeat_under_one_key_undoes_once(world: World) -> None:
    answered(world)
    jobs = world.use(Jobs)
    params = {"labelset": "kind", "annotator": "ann"}
    one = jobs.call("label.undo", params, Actor(), key="k")
    two = jobs.call("label.undo", params, Actor(), key="k")
    assert one == two
    assert world.call("label.show_set", labelset="kind").answers == 11


def test_zero_shot_says_that_confidence_is_a_guess(world: World) -> None:
    labelled(world)
    found = world.call("label.suggest", labelset="kind", encoder=HASHED)
    assert found.mode == "zero-shot"
    assert found.rows == 6
    assert not found.is_calibrated
    assert any("not calibrated" in note for note in found.notes)
    table = rows(world, found.dataset)
    assert set(table[0]) == {"_id", "suggestion", "confidence", "uncertainty"}
    task = world.call("label.next", labelset="kind").tasks[0]
    assert task.suggestion in ("delivery", "refund")
    assert 0 <= task.confidence <= 1


def test_few_shot_learns_from_answers_and_a_column(world: World) -> None:
    answered(world)
    found = world.call("label.suggest", labelset="kind", encoder=HASHED)
    assert (found.mode, found.examples) == ("few-shot", 5)  # the disputed item teaches nothing
    found = world.call("label.suggest", labelset="kind", encoder=HASHED, labels_column="kind")
    assert found.examples == 6
    found = world.call(
        "label.suggest", labelset="kind", encoder=HASHED, labels_column="text", output="sug"
    )
    assert found.dataset == "dataset:sug@1"
    assert any("6 values of the labels column" in note for note in found.notes)
    assert (
        world.call("label.suggest", labelset="kind", encoder=HASHED, mode="zero-shot").examples == 0
    )


def test_suggestions_stream_beyond_what_they_are_fitted_on(world: World) -> None:
    texts = [text for text, _ in TEXTS] * 60
    texts[7] = ""
    table = pa.table({"text": texts, "kind": [kind for _, kind in TEXTS] * 60})
    world.use(Datasets).write(world.ctx, "tickets", table)
    create(world)
    found = world.call(
        "label.suggest", labelset="kind", encoder=HASHED, labels_column="kind", fit_rows=100
    )
    assert (found.rows, found.empty) == (359, 1)
    assert found.is_calibrated
    assert found.accuracy > 0.9
    right = [row["suggestion"] == TEXTS[row["_id"] % 6][1] for row in rows(world, found.dataset)]
    assert sum(right) > 350
    assert world.call("label.progress", labelset="kind").items == 0  # the column settles all


def test_few_shot_without_labels_is_refused(world: World) -> None:
    labelled(world)
    with pytest.raises(InvalidInput, match="has no labels to learn from"):
        world.call("label.suggest", labelset="kind", encoder=HASHED, mode="few-shot")


@pytest.mark.parametrize("op", ["label.queue", "label.suggest"])
def test_a_set_without_dataset_has_no_rows(world: World, op: str) -> None:
    create(world, dataset=None, column="")
    with pytest.raises(InvalidInput, match="is bound to no dataset"):
        world.call(op, labelset="kind")
    tickets(world)
    create(world, name="other", column="")
    with pytest.raises(InvalidInput, match="names no text column"):
        world.call("label.suggest", labelset="other")


def test_texts_that_are_all_empty_are_refused(world: World) -> None:
    world.use(Datasets).write(world.ctx, "tickets", pa.table({"text": ["", None, " "]}))
    create(world)
    with pytest.raises(InvalidInput, match="holds no text"):
        world.call("label.suggest", labelset="kind", encoder=HASHED)


def test_agreement_and_consensus(world: World) -> None:
    answered(world)
    found = world.call("label.agreement", labelset="kind", draws=50)
    values = {one.name: one.value for one in found.metrics}
    assert values["observed"] == pytest.approx(5 / 6)
    assert values["cohen_kappa_mean"] == pytest.approx(2 / 3)
    assert found.compared == 6
    joined = world.call("label.consensus", labelset="kind", method="majority")
    assert joined.tied == 1
    assert joined.disputed[0].item == 2
    with pytest.raises(InvalidInput, match="not all numbers"):
        world.call("label.agreement", labelset="kind", level="interval")


def test_nothing_said_is_nothing_to_measure(world: World) -> None:
    labelled(world)
    for op in ("label.agreement", "label.consensus"):
        with pytest.raises(InvalidInput, match="has no answers yet"):
            world.call(op, labelset="kind")
    with pytest.raises(InvalidInput, match="nothing to settle"):
        world.call("label.settle", labelset="kind")


def test_settled_labels_become_a_version(world: World) -> None:
    answered(world)
    found = world.call("label.settle", labelset="kind", column="topic")
    assert found.dataset == "dataset:tickets@2"
    assert (found.rows, found.labelled, found.unsettled) == (6, 5, 1)
    table = rows(world, found.dataset)
    assert [row["topic"] for row in table] == ["delivery", "delivery", None] + ["refund"] * 3
    assert table[0]["topic_source"] == "consensus"
    assert table[0]["topic_answers"] == 2
    world.call("label.adjudicate", labelset="kind", item=2, value="delivery")
    world.call("label.flag", labelset="kind", item=5, annotator="cy")
    found = world.call("label.settle", labelset="kind", column="topic", only_labelled=True)
    table = rows(world, found.dataset)
    assert [(row["_id"], row["topic_source"]) for row in table][2] == (2, "adjudicated")
    assert len(table) == 5
    assert found.sources == {"adjudicated": 1, "consensus": 4}
    assert found.notes == ["1 flagged items have no label."]


def test_a_column_of_the_user_is_not_written_over(world: World) -> None:
    answered(world)
    with pytest.raises(Conflict, match="has a column 'kind' already"):
        world.call("label.settle", labelset="kind")
    found = world.call("label.settle", labelset="kind", replace=True)
    assert found.labelled == 5
    assert world.call("label.settle", labelset="kind").dataset == "dataset:tickets@3"


def test_suggestions_are_accepted_only_when_asked(world: World) -> None:
    labelled(world, redundancy=1)
    say(world, 0, "delivery", "ann")
    world.call("label.suggest", labelset="kind", encoder=HASHED)
    found = world.call(
        "label.settle", labelset="kind", column="topic", accept_suggestions=0.0, output="gold"
    )
    assert found.dataset == "dataset:gold@1"
    assert found.sources == {"single": 1, "suggestion": 5}
    assert "5 labels are suggestions that nobody has looked at." in found.notes


def test_labels_do_not_move_to_other_rows(world: World) -> None:
    answered(world)
    swapped = world.use(Datasets).read("tickets").to_pylist()
    swapped[0]["text"], swapped[3]["text"] = swapped[3]["text"], swapped[0]["text"]
    world.use(Datasets).write(world.ctx, "tickets", pa.Table.from_pylist(swapped))
    with pytest.raises(Conflict, match="2 labelled rows of 'dataset:tickets@1' differ"):
        world.call("label.settle", labelset="kind", column="topic")
    found = world.call("label.settle", labelset="kind", column="topic", dataset="tickets@1")
    assert found.labelled == 5


def imported(world: World, table: dict, **params: Any) -> Any:
    world.use(Datasets).write(world.ctx, "said", pa.table(table))
    given = {"labelset": "kind", "dataset": "said", "item": "row", "value": "said", **params}
    return world.call("label.import_annotations", **given)


def test_answers_are_imported_without_a_dataset(world: World) -> None:
    create(world, dataset=None, column="")
    table = {
        "row": [7, 7, 8, 8, 9, None],
        "who": ["a", "b", "a", None, "a", "a"],
        "said": ["refund", "refund", "delivery", "refund", "", "refund"],
    }
    found = imported(world, table, annotator_column="who")
    assert (found.added, found.kept, found.empty) == (3, 0, 3)
    found = imported(world, table, annotator_column="who")
    assert (found.added, found.kept) == (0, 3)
    made = world.call("label.settle", labelset="kind")
    assert made.dataset == "dataset:kind@1"
    assert [(row["_id"], row["kind"]) for row in rows(world, made.dataset)] == [
        (7, "refund"),
        (8, "delivery"),
    ]


@pytest.mark.parametrize(
    ("table", "params", "said"),
    [
        ({"row": [0], "said": ["parcel"]}, {}, "1 answers are no label of .*: parcel"),
        ({"row": [99], "said": ["refund"]}, {}, "1 items are no rows of .*, such as 99"),
        ({"row": ["a"], "said": ["refund"]}, {}, "does not hold whole numbers"),
        ({"row": [1.5], "said": ["refund"]}, {}, "does not hold whole numbers"),
        ({"row": [-1], "said": ["refund"]}, {}, "holds negative numbers"),
        ({"row": [0], "said": ["refund"]}, {"value": "answer"}, "Column 'answer' is not in"),
        (
            {"row": [0], "said": ["refund"], "who": ["n" * 200]},
            {"annotator_column": "who"},
            "cannot be the name of an annotator",
        ),
    ],
)
def test_answers_that_do_not_fit_are_refused(
    world: World, table: dict, params: dict, said: str
) -> None:
    labelled(world)
    with pytest.raises(InvalidInput, match=said):
        imported(world, table, **params)
    assert world.call("label.show_set", labelset="kind").answers == 0


def test_unknown_values_can_be_left_out(world: World) -> None:
    labelled(world)
    found = imported(
        world, {"row": [0, 1], "said": ["refund", "parcel"]}, unknown="leave_out", annotator="file"
    )
    assert (found.added, found.unknown) == (1, 1)


def test_a_stored_set_reads_back(world: World) -> None:
    made = create(world, dataset=None, column="")
    again = LabelSet.model_validate(made.definition.model_dump())
    assert again == made.definition
