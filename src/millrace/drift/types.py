"""What the ops of drift take and give."""

from typing import Literal

from pydantic import BaseModel, Field

from millrace.kinds.ref import DatasetRef
from millrace.kinds.rows import Params

Strength = Literal["negligible", "small", "medium", "large"]


class TestParams(Params):
    """Which two windows to compare, and how."""

    __test__ = False  # pytest would take the name for a test

    reference: DatasetRef = Field(
        description="dataset the model was trained on", json_schema_extra={"positional": True}
    )
    current: DatasetRef = Field(
        description="dataset seen since", json_schema_extra={"positional": True}
    )
    columns: list[str] | None = Field(
        default=None,
        min_length=1,
        max_length=10_000,
        description="columns to compare; left out: all that both have, but dates and identifiers",
    )
    alpha: float = Field(
        default=0.01,
        gt=0,
        le=0.2,
        description="chance of any false alarm over all columns of one comparison [0..1]",
    )
    joint: bool = Field(
        default=True, description="whether all columns together are tested by a domain classifier"
    )
    rows: int = Field(
        default=20_000,
        ge=100,
        le=1_000_000,
        description="rows of each dataset looked at; of a larger one a random sample [rows]",
    )
    text_rows: int = Field(
        default=1_000,
        ge=100,
        le=100_000,
        description="rows of each dataset whose texts are encoded and compared [rows]",
    )


class ColumnDrift(BaseModel):
    """What was found in one column."""

    column: str = Field(description="column, or '(all columns together)'")
    kind: str = Field(description="number, category, text or joint: decides the tests")
    drifted: bool = Field(description="whether it changed: sure enough, and not negligibly")
    adjusted_p: float = Field(description="p value adjusted over all tests (Holm) [0..1]")
    tests: dict[str, float] = Field(description="p value of each test before any correction [0..1]")
    effect: float = Field(description="how large the change is, in the unit of `effect_name`")
    effect_name: str = Field(
        description="wasserstein_per_sd, cramer_v, or auc (0.5: cannot be told apart)"
    )
    psi: float | None = Field(default=None, description="population stability index [nats]")
    size: float = Field(description="the change on one scale for all kinds [0..1]")
    strength: Strength = Field(description="the size in a word")
    says: str = Field(description="what changed, in words")


class NotTested(BaseModel):
    """A column that was left out."""

    column: str = Field(description="column")
    why: str = Field(description="why it was not tested")


class TestResult(BaseModel):
    """The verdict, and each column behind it."""

    __test__ = False

    drifted: bool = Field(description="whether anything changed")
    verdict: str = Field(description="the answer and its reasons in one or two sentences")
    reference: str = Field(
        description="dataset version compared with", json_schema_extra={"port": "dataset"}
    )
    current: str = Field(
        description="dataset version judged", json_schema_extra={"port": "dataset"}
    )
    rows_reference: int = Field(description="rows of the reference looked at")
    rows_current: int = Field(description="rows of the current window looked at")
    alpha: float = Field(description="chance of any false alarm [0..1]")
    columns: list[ColumnDrift] = Field(description="every test made, the surest change first")
    not_tested: list[NotTested] = Field(description="columns left out, with the reason")
    notes: list[str] = Field(description="what limits this comparison")


class PsiParams(Params):
    """What to compare and how finely."""

    reference: DatasetRef = Field(
        description="dataset the model was trained on", json_schema_extra={"positional": True}
    )
    current: DatasetRef = Field(
        description="dataset seen since", json_schema_extra={"positional": True}
    )
    column: str = Field(
        min_length=1,
        max_length=200,
        description="column to compare",
        json_schema_extra={"positional": True},
    )
    bins: int = Field(default=10, ge=2, le=1000, description="quantile bins of the reference")
    threshold: float = Field(
        default=0.2, ge=0, le=100, description="score above which it is drift [nats]"
    )


class PsiResult(BaseModel):
    """The verdict and the number behind it."""

    score: float = Field(description="population stability index [nats]")
    drifted: bool = Field(description="whether the score exceeds the threshold")
    missing_reference: float = Field(description="share of values missing before [0..1]")
    missing_current: float = Field(description="share of values missing now [0..1]")
