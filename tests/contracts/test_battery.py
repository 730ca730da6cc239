"""The contract battery: every check on every op of the registry, plug-ins included."""

import json
from pathlib import Path

import pytest

from millrace.core.errors import InvalidInput, MillraceError
from millrace.core.events import Event
from millrace.core.registry import Op
from millrace.kinds.rows import RowsResult
from millrace.stores.jobs import Jobs
from tests.contracts import traces
from tests.contracts.breaking import breaks
from tests.contracts.described import complaints
from tests.contracts.first import First, call, is_pure, run_first
from tests.contracts.ports import untyped
from tests.support.collect import examples, ops
from tests.support.stage import Stage, stage_of, together

OPS = ops()
EXAMPLES = [example for example in examples() if example.op in OPS]
RECORDED = [example for example in EXAMPLES if not is_pure(OPS[example.op])]
FIRST: dict[int, First] = {}
EVENTS: dict[int, int] = {}  # told by the run before, which was cancelled at one of them or ended
each_op = pytest.mark.parametrize("op", OPS.values(), ids=list(OPS))
each_example = pytest.mark.parametrize("stage", together(EXAMPLES), indirect=True)
each_recorded = pytest.mark.parametrize("stage", together(RECORDED), indirect=True)


@pytest.fixture
def stage(
    request: pytest.FixtureRequest, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Stage:
    """The example's stage, furnished once for all checks."""
    return stage_of(request.param, tmp_path_factory, template)


@pytest.fixture
def first(stage: Stage) -> First:
    """The first run of the example and its repeat under the same key, done once."""
    if "runs" in stage.example.skip:
        wanted(stage, "runs")
    if id(stage) not in FIRST:
        FIRST[id(stage)] = run_first(OPS[stage.example.op], stage)
    return FIRST[id(stage)]


def wanted(stage: Stage, check: str) -> Op:
    """Skip, with the reason the example gives, when the op opts out of a check."""
    reason = stage.example.skip.get(check)
    if reason:
        pytest.skip(f"{stage.example.op} opts out of '{check}': {reason}")
    return OPS[stage.example.op]


@each_op
def test_summary_is_one_short_sentence(op: Op) -> None:
    assert len(op.summary) <= 80, op.summary
    assert op.summary.endswith("."), op.summary
    assert op.summary[0].isupper(), op.summary


@each_op
def test_fields_are_described_bounded_and_free_to_use(op: Op) -> None:
    assert complaints(op) == []


@each_op
def test_op_has_an_example(op: Op) -> None:
    assert any(example.op == op.name for example in EXAMPLES), (
        f"add an Example of '{op.name}' to tests/{op.group}/examples.py"
    )


def test_every_example_is_of_an_op() -> None:
    assert [e.op for e in examples() if e.op not in OPS] == []


@each_op
def test_schema_survives_json(op: Op) -> None:
    for model, mode in ((op.params, "validation"), (op.result or RowsResult, "serialization")):
        schema = model.model_json_schema(mode=mode)
        assert json.loads(json.dumps(schema, allow_nan=False)) == schema


@each_example
def test_params_survive_json(stage: Stage) -> None:
    op = wanted(stage, "schema")
    params = op.validate(stage.ready())
    again = op.validate(json.loads(params.model_dump_json()))
    assert again == params


@each_example
def test_example_runs_and_its_result_fits_the_model(stage: Stage, first: First) -> None:
    op = wanted(stage, "runs")
    if stage.example.fails is None:
        model = op.result or RowsResult
        assert isinstance(first.result, model)
        assert model.model_validate_json(first.result.model_dump_json()) == first.result


@each_example
def test_references_in_the_result_are_typed_ports(stage: Stage, first: First) -> None:
    wanted(stage, "runs")
    assert list(untyped(first.result)) == []


@each_example
def test_inputs_stay(stage: Stage, first: First) -> None:
    op = wanted(stage, "inputs")
    before, after = first.before, first.after
    left = {name: after.rows.get(name) for name in before.rows}
    assert left == before.rows, "a dataset version has changed"
    kept = {name: after.files.get(name) for name in before.files}
    assert kept == before.files, "an input file has changed"
    if op.effect == "read":
        assert after == before, "an op that reads has written"


@each_example
def test_repeats_with_one_seed(stage: Stage, first: First) -> None:
    wanted(stage, "repeatable")
    with stage.world() as world:
        assert stage.example.mask(call(world, stage), world) == first.masked


@each_example
def test_each_bound_is_kept(stage: Stage) -> None:
    op = wanted(stage, "bounds")
    wrong = []
    for broken in breaks(op, stage.ready()):
        try:
            op.validate(broken.params)
            wrong.append(f"{broken.field}: breaking '{broken.why}' is accepted")
        except InvalidInput as error:
            if not str(error.facts.get("field", "")).startswith(broken.field):
                wrong.append(f"{broken.field}: the error names {error.facts.get('field')}")
    assert wrong == []


@each_recorded
@pytest.mark.parametrize("nth", [0, 1, 2])
def test_cancel_leaves_nothing_half_written(stage: Stage, nth: int) -> None:
    op = wanted(stage, "cancel")
    if EVENTS.get(id(stage), nth) < nth - 1:
        return  # it does not tell so many events: this would be the run before, once more
    with stage.world() as world:
        jobs = world.use(Jobs)
        before = set(traces.artifacts(world.workspace))
        job = jobs.submit(op.name, stage.params)
        seen = 0

        def on_event(event: Event) -> None:
            nonlocal seen
            del event
            seen += 1
            if seen == nth:
                jobs.cancel(job.id)

        if nth == 0:
            jobs.cancel(job.id)
        code = None
        try:
            jobs.run(job.id, on_event)
        except MillraceError as error:
            code = error.code
        EVENTS[id(stage)] = seen
        ended = jobs.get(job.id)
        assert (ended.state, code) in {
            ("done", None),
            ("cancelled", "cancelled"),
            ("failed", stage.example.fails),
        }
        if ended.state == "cancelled":
            assert set(traces.artifacts(world.workspace)) == before
            traces.rows(world.workspace)  # every dataset version can still be read


@each_recorded
def test_same_key_gives_the_first_result(stage: Stage, first: First) -> None:
    wanted(stage, "same_key")
    assert first.again == first.result
    assert first.later == first.after


@each_recorded
def test_record_is_complete(stage: Stage, first: First) -> None:
    op = wanted(stage, "record")
    job = next(job for job in first.jobs if job.op == op.name and job.parent is None)
    assert job.params == op.validate(stage.params).model_dump(mode="json")
    assert (job.actor, job.project) == ("owner", "default")
    assert job.started_at is not None
    assert job.ended_at is not None
    assert job.created_at <= job.started_at <= job.ended_at
    if stage.example.fails:
        assert (job.state, job.error) == ("failed", first.result)
    else:
        assert (job.state, job.result) == ("done", first.result.model_dump(mode="json"))
