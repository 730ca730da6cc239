"""What the answers add up to."""

from typing import Literal

from pydantic import BaseModel, Field

from millrace.kinds.metric import Metric
from millrace.kinds.ref import DatasetRef, Name
from millrace.label.types.sets import OneSet

Method = Literal["majority", "dawid-skene"]


class PersonLine(BaseModel):
    """What one person did."""

    annotator: str = Field(description="who")
    answered: int = Field(description="current answers [answers]")
    skipped: int = Field(description="items skipped [items]")
    flagged: int = Field(description="items flagged [items]")


class ProgressResult(BaseModel):
    """How far a label set is."""

    items: int = Field(description="items in the queue [items]")
    complete: int = Field(description="items with all answers wanted [items]")
    begun: int = Field(description="items with some of them [items]")
    open: int = Field(description="items that can be handed out now [items]")
    leased: int = Field(description="items somebody is working on [items]")
    skipped: int = Field(description="items somebody skipped [items]")
    flagged: int = Field(description="items flagged as unfit [items]")
    adjudicated: int = Field(description="items settled by adjudication [items]")
    people: list[PersonLine] = Field(description="annotators by name")


class AgreementParams(OneSet):
    """How to measure agreement."""

    level: Literal["nominal", "ordinal", "interval"] = Field(
        default="nominal",
        description="distance of labels in alpha: none, their order, or their numbers",
    )
    draws: int = Field(
        default=200, ge=0, le=5_000, description="bootstrap draws for intervals; 0: none [draws]"
    )
    shown: int = Field(default=50, ge=0, le=1_000, description="pairs of people listed [pairs]")


class PairLine(BaseModel):
    """Agreement of two people."""

    first: str = Field(description="one annotator")
    second: str = Field(description="the other")
    items: int = Field(description="items both answered [items]")
    kappa: float | None = Field(description="Cohen's kappa; none: not defined")


class ShareLine(BaseModel):
    """Agreement of one person with the others."""

    annotator: str = Field(description="who")
    answers: int = Field(description="current answers [answers]")
    share: float | None = Field(description="share of others' answers that agree [0..1]")


class AgreementResult(BaseModel):
    """How far people agree beyond chance."""

    metrics: list[Metric] = Field(
        description="observed, fleiss_kappa, krippendorff_alpha, gwet_ac1, cohen_kappa_mean"
    )
    items: int = Field(description="items with an answer [items]")
    compared: int = Field(description="items with two answers or more [items]")
    answers: int = Field(description="answers in all [answers]")
    people: list[ShareLine] = Field(description="each annotator against the others")
    pairs: list[PairLine] = Field(description="pairs of annotators, least agreeing first")
    notes: list[str] = Field(description="what is not defined, and why")


class ConsensusParams(OneSet):
    """How to join answers."""

    method: Method = Field(default="dawid-skene", description="weigh annotators, or count votes")
    strength: float = Field(
        default=1.0,
        ge=0.01,
        le=1_000,
        description="imagined answers of the average annotator added to each [answers]",
    )
    shown: int = Field(default=20, ge=0, le=1_000, description="disputed items listed [items]")


class SkillLine(BaseModel):
    """How good one person's answers are."""

    annotator: str = Field(description="who")
    answers: int = Field(description="current answers [answers]")
    skill: float = Field(description="estimated chance that an answer is right [0..1]")


class DisputeLine(BaseModel):
    """An item whose answers differ."""

    item: int = Field(description="identifier of the row")
    label: str | None = Field(description="most likely label; none: a tie")
    confidence: float = Field(description="how likely it is [0..1]")
    answers: dict[str, int] = Field(description="answers by label")


class ConsensusResult(BaseModel):
    """What the answers say together."""

    items: int = Field(description="items with an answer [items]")
    labels: dict[str, int] = Field(description="items by most likely label")
    tied: int = Field(description="items with no most likely label [items]")
    overruled: int = Field(description="items where votes alone would say otherwise [items]")
    iterations: int = Field(description="rounds until it stood still")
    people: list[SkillLine] = Field(description="annotators by name")
    disputed: list[DisputeLine] = Field(description="least certain items with differing answers")


class SettleParams(OneSet):
    """Which answers become labels, and where."""

    dataset: DatasetRef | None = Field(
        default=None, description="version to write onto; left out: the newest of the set's dataset"
    )
    output: Name | None = Field(
        default=None, description="dataset to write; left out: a new version of the one read"
    )
    column: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        pattern=r"^[^_].*$",
        description="column of labels; left out: the set's name",
    )
    method: Method = Field(default="majority", description="how differing answers are joined")
    min_answers: int = Field(
        default=1, ge=1, le=100, description="answers an item needs to be settled [answers]"
    )
    min_confidence: float = Field(
        default=0.0, ge=0, le=1, description="confidence an item needs to be settled [0..1]"
    )
    accept_suggestions: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="take suggestions from this confidence on where nobody answered [0..1]",
    )
    only_labelled: bool = Field(default=False, description="leave rows without label out")
    replace: bool = Field(default=False, description="write over a column of that name")


class SettleResult(BaseModel):
    """What was settled."""

    dataset: str = Field(description="version written", json_schema_extra={"port": "dataset"})
    column: str = Field(description="column of labels, beside _source, _confidence, _answers")
    rows: int = Field(description="rows written [rows]")
    labelled: int = Field(description="rows with a label [rows]")
    sources: dict[str, int] = Field(description="rows by where the label is from")
    unsettled: int = Field(description="items with answers but no label: ties, or too few [items]")
    notes: list[str] = Field(description="what to know before using it")
