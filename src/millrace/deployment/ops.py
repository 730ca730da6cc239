"""Ops that give models a name to be called by, and call them."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from millrace.core.context import Context
from millrace.core.errors import InvalidInput
from millrace.core.registry import op
from millrace.kinds.ref import DeploymentRef, ModelRef, Name
from millrace.kinds.rows import Params

LONGEST = 55  # 'requests-' and the name together name a dataset of at most 64 characters
Sample = Annotated[
    float, Field(ge=0, le=1, description="share of requests kept as rows for monitoring [0..1]")
]
Price = Annotated[
    float,
    Field(
        ge=0,
        le=1000,
        description="price of one CPU hour, from which the cost of requests is reckoned; 0: no "
        "cost is kept [USD]",
    ),
]


class CreateParams(Params):
    """What to serve and under which name."""

    name: Name = Field(description="name that clients call", json_schema_extra={"positional": True})
    model: ModelRef = Field(
        description="model to serve; an alias such as intent@champion is followed when it moves"
    )
    sample: Sample = 1.0
    price: Price = 0.0


class UpdateParams(Params):
    """What to change of a deployment; what is left out stays."""

    deployment: DeploymentRef = Field(
        description="deployment to change", json_schema_extra={"positional": True}
    )
    model: ModelRef | None = Field(default=None, description="model to serve from now on")
    sample: Sample | None = Field(default=None, description="share of requests kept [0..1]")
    price: Price | None = Field(default=None, description="price of one CPU hour [USD]")


class ShowParams(Params):
    """Which deployment to show."""

    deployment: DeploymentRef = Field(
        description="deployment to show", json_schema_extra={"positional": True}
    )


class DeleteParams(Params):
    """Which deployment to end."""

    deployment: DeploymentRef = Field(
        description="deployment to end", json_schema_extra={"positional": True}
    )


class ListParams(Params):
    """Nothing to choose: every deployment of the project is listed."""


class PredictParams(Params):
    """Whom to ask and what."""

    deployment: DeploymentRef = Field(
        description="deployment to ask", json_schema_extra={"positional": True}
    )
    rows: list[dict[str, Any]] = Field(
        min_length=1,
        max_length=10_000,
        description="rows of named values; null, or a name that only some rows have, is a missing "
        "value",
    )


class Deployment(BaseModel):
    """A name that clients call, and what answers."""

    ref: str = Field(
        description="reference of the deployment", json_schema_extra={"port": "deployment"}
    )
    name: str = Field(description="name that clients call")
    model: str = Field(
        description="model as it was asked for, perhaps by an alias",
        json_schema_extra={"port": "model"},
    )
    serves: str | None = Field(
        description="model version that answers now; null if none does",
        json_schema_extra={"port": "model"},
    )
    path: str = Field(description="path of inference on the server")
    sample: float = Field(description="share of requests kept as rows [0..1]")
    price: float = Field(description="price of one CPU hour [USD]")
    created_at: float = Field(description="when this version of it was made [s since 1970]")


class Deployments(BaseModel):
    """Every deployment of the project."""

    deployments: list[Deployment] = Field(description="deployments by name")


class Input(BaseModel):
    """One column that the model needs."""

    name: str = Field(description="name of the column")
    datatype: str = Field(description="datatype in the Open Inference Protocol")


class Shown(Deployment):
    """A deployment with its inputs and its traffic."""

    inputs: list[Input] = Field(description="columns the model needs, in order")
    classes: list[Any] | None = Field(description="classes in order; null for numbers")
    requests: str | None = Field(
        description="dataset of kept requests; null if none was kept",
        json_schema_extra={"port": "dataset"},
    )
    kept: int = Field(description="requests kept so far [requests]")
    dropped: int = Field(description="requests not kept because the buffer was full [requests]")
    problem: str | None = Field(description="why nothing answers; null if something does")


class Answered(BaseModel):
    """What the model said of one row."""

    value: Any = Field(description="predicted class or number")
    probabilities: dict[str, float] | None = Field(
        default=None, description="probability of each class [0..1]; null for numbers"
    )


class Answers(BaseModel):
    """What the model said, row by row."""

    model: str = Field(
        description="model version that answered", json_schema_extra={"port": "model"}
    )
    predictions: list[Answered] = Field(description="one answer for each row, in order")
    warnings: list[str] = Field(description="what makes the answers less sure")


@op("deployment.create", effect="write")
def create(params: CreateParams, ctx: Context) -> Deployment:
    """Serve a model under a name that clients call.

    Running servers take it up within half a second. Every request is kept as a row of the
    dataset 'requests-<name>', unless `sample` is below 1.
    Errors: conflict, the name is taken; not_found, no such model.
    """
    from millrace.deployment import store
    from millrace.stores.models import Models

    if len(params.name) > LONGEST:
        raise InvalidInput(
            f"The deployment name '{params.name}' has {len(params.name)} characters.",
            f"Use at most {LONGEST}.",
            field="name",
        )
    model = ctx.use(Models).get(params.model, ctx.project)
    meta = {"model": params.model, "sample": params.sample, "price": params.price}
    made = ctx.use(store.Deployments).create(ctx, params.name, meta, model.ref)
    return _described(made, model.ref)


@op("deployment.update", effect="write")
def update(params: UpdateParams, ctx: Context) -> Deployment:
    """Point a deployment at another model, or change what is kept of its traffic.

    Requests in flight end on the old model; running servers follow within half a second.
    Errors: not_found, no such deployment or model; invalid_input, nothing to change.
    """
    from millrace.core.ids import parse_ref
    from millrace.deployment import store
    from millrace.stores.artifacts import Artifacts
    from millrace.stores.models import Models

    changes = params.model_dump(include={"model", "sample", "price"}, exclude_none=True)
    if not changes:
        raise InvalidInput(
            f"Nothing of '{params.deployment}' was to change.", "Give model, sample or price."
        )
    found = ctx.use(Artifacts).get(params.deployment, store.KIND, ctx.project)
    model = ctx.use(Models).get(changes.get("model", found.meta["model"]), ctx.project)
    name = parse_ref(params.deployment, store.KIND).name
    made = ctx.use(store.Deployments).update(ctx, name, changes, model.ref)
    return _described(made, model.ref)


@op("deployment.delete", effect="destructive")
def delete(params: DeleteParams, ctx: Context) -> Deployment:
    """End a deployment; the model and the kept requests stay.

    Errors: not_found, no such deployment.
    """
    from millrace.core.ids import parse_ref
    from millrace.deployment import store

    name = parse_ref(params.deployment, store.KIND).name
    return _described(ctx.use(store.Deployments).delete(ctx, name), None)


@op("deployment.list", effect="read")
def list_(params: ListParams, ctx: Context) -> Deployments:
    """List the deployments of the project."""
    from millrace.deployment import store
    from millrace.stores.artifacts import Artifacts

    del params
    found = ctx.use(Artifacts).list(store.KIND, ctx.project)
    return Deployments(deployments=[_described(a, _serves(ctx, a)[0]) for a in found])


@op("deployment.show", effect="read")
def show(params: ShowParams, ctx: Context) -> Shown:
    """Show what a deployment serves and needs, and how much of its traffic was kept.

    Errors: not_found, no such deployment.
    """
    from millrace.core.errors import MillraceError, NotFound
    from millrace.deployment import store
    from millrace.deployment.loader import Loader
    from millrace.stores.artifacts import Artifacts
    from millrace.stores.datasets import Datasets
    from millrace.stores.models import Models

    found = ctx.use(Artifacts).get(params.deployment, store.KIND, ctx.project)
    serves, problem = _serves(ctx, found)
    inputs: list[Input] = []
    classes: list[Any] | None = None
    try:
        if serves is not None:
            model = ctx.use(Models).get(serves, ctx.project)
            signature = ctx.use(Loader).load(model, found.name).signature
            inputs = [Input(name=c.name, datatype=c.datatype) for c in signature.inputs]
            classes = None if signature.classes is None else list(signature.classes)
    except MillraceError as error:
        serves, problem = None, str(error)
    log = f"requests-{found.name}"
    try:
        kept = ctx.use(Datasets).info(log, ctx.project)
    except NotFound:
        kept = None
    return Shown(
        **_described(found, serves).model_dump(),
        inputs=inputs,
        classes=classes,
        requests=kept.ref if kept else None,
        kept=kept.rows if kept else 0,
        dropped=ctx.use(store.Deployments).dropped(log, ctx.project),
        problem=problem,
    )


@op("deployment.predict", effect="read")
def predict(params: PredictParams, ctx: Context) -> Answers:
    """Ask a deployment about rows, in this process.

    The model, its checks and its preprocessing are those of the server; the request is not
    kept. For many rows of a dataset, use the ops that read datasets.
    Errors: not_found, no such deployment; invalid_input, a column is missing or wrong.
    """
    from millrace.core.errors import BadRequest
    from millrace.deployment import store
    from millrace.deployment.engine import codec
    from millrace.deployment.loader import Loader
    from millrace.stores.artifacts import Artifacts
    from millrace.stores.models import Models

    found = ctx.use(Artifacts).get(params.deployment, store.KIND, ctx.project)
    model = ctx.use(Models).get(found.meta["model"], ctx.project)
    loaded = ctx.use(Loader).load(model, found.name)
    try:
        call = codec.from_rows(params.rows, loaded.signature)
    except BadRequest as error:  # on the serving port it is a 400, for an op any wrong input
        raise InvalidInput(error.problem, error.hint, **error.facts) from error
    given = loaded.predictor.predict_arrays(call.columns)
    names = [str(value) for value in given.classes]
    predictions = [Answered(value=value) for value in given.values.tolist()]
    if given.proba is not None:
        for answer, row in zip(predictions, given.proba.tolist(), strict=True):
            answer.probabilities = dict(zip(names, row, strict=True))
    return Answers(model=model.ref, predictions=predictions, warnings=given.warnings)


def _serves(ctx: Context, deployment: Any) -> tuple[str | None, str | None]:
    """Return the model version behind a deployment, or why there is none."""
    from millrace.core.errors import NotFound
    from millrace.stores.models import Models

    try:
        return ctx.use(Models).get(deployment.meta["model"], ctx.project).ref, None
    except NotFound as error:
        return None, str(error)


def _described(deployment: Any, serves: str | None) -> Deployment:
    meta = deployment.meta
    return Deployment(
        ref=deployment.ref,
        name=deployment.name,
        model=meta["model"],
        serves=serves,
        path=f"/v2/models/{deployment.name}/infer",
        sample=float(meta.get("sample", 1.0)),
        price=float(meta.get("price", 0.0)),
        created_at=deployment.created_at,
    )
