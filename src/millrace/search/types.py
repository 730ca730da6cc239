"""What search ops take and give."""

from typing import Any

from pydantic import BaseModel, Field

from millrace.kinds.filter import Filter
from millrace.kinds.ref import DatasetRef, IndexRef, Name
from millrace.kinds.rows import Params


class BuildParams(Params):
    """What to index and how."""

    dataset: DatasetRef = Field(
        description="dataset to index", json_schema_extra={"positional": True, "port": "dataset"}
    )
    text: list[str] = Field(
        default_factory=list[str],
        max_length=20,
        description="text columns to search by word and meaning; left out: those that hold texts",
    )
    vector: str | None = Field(
        default=None, description="column of vectors to search instead of an encoder's"
    )
    encoder: str | None = Field(
        default=None, description="text encoder; 'none' builds the full-text leg only"
    )
    judge: str | None = Field(
        default=None,
        description="column of labels: rows that share one should find each other; the weights "
        "of words and meaning are then chosen by precision@10 on 200 of them",
    )
    name: Name | None = Field(
        default=None, description="name of the index; left out: the dataset's"
    )


class BuildResult(BaseModel):
    """What was built."""

    index: str = Field(
        description="reference of the index version", json_schema_extra={"port": "index"}
    )
    dataset: str = Field(
        description="dataset version that was indexed", json_schema_extra={"port": "dataset"}
    )
    rows: int = Field(description="rows indexed [rows]")
    columns: list[str] = Field(description="text columns indexed")
    encoder: str = Field(description="encoder of the meaning leg, empty without one")
    weights: dict[str, float] = Field(description="weight of each leg in a hybrid query [0..1]")
    judged: dict[str, float] = Field(description="precision@10 of each weighting tried [0..1]")
    bytes: int = Field(description="size on disk [bytes]")
    notices: list[str] = Field(description="what you should know about the result")


class QueryParams(Params):
    """What to look for."""

    index: IndexRef = Field(
        description="index to ask", json_schema_extra={"positional": True, "port": "index"}
    )
    text: str | None = Field(
        default=None,
        max_length=100_000,
        description="words to look for",
        json_schema_extra={"positional": True},
    )
    vector: list[float] | None = Field(
        default=None, max_length=65_536, description="vector to look near"
    )
    k: int = Field(default=10, ge=1, le=1000, description="hits returned at most")
    weights: dict[str, float] | None = Field(
        default=None, description="weight of 'text' and 'vector'; left out: the index's own"
    )
    filter: Filter | None = Field(default=None, description="rows that may be returned")
    columns: list[str] | None = Field(
        default=None, max_length=200, description="columns returned; left out: all but vectors"
    )


class SimilarParams(Params):
    """Which row to start from."""

    index: IndexRef = Field(
        description="index to ask", json_schema_extra={"positional": True, "port": "index"}
    )
    row: int = Field(ge=0, description="_id of the row", json_schema_extra={"positional": True})
    k: int = Field(default=10, ge=1, le=1000, description="hits returned at most")
    filter: Filter | None = Field(default=None, description="rows that may be returned")


class Leg(BaseModel):
    """What one leg added to a score."""

    leg: str = Field(description="text or vector")
    rank: int = Field(description="place in that leg, from 1")
    score: float = Field(description="BM25 of the text leg, cosine of the vector leg")
    weight: float = Field(description="weight of the leg")
    points: float = Field(description="weight / (60 + rank)")


class Hit(BaseModel):
    """One row found, with the reasons."""

    id: int = Field(description="_id of the row")
    score: float = Field(description="sum of the legs' points")
    legs: list[Leg] = Field(description="where the score comes from")
    snippet: str = Field(description="the part of the text that matched")
    marks: list[tuple[int, int]] = Field(description="matches in the snippet, [start, end)")
    row: dict[str, Any] = Field(description="the row's columns")


class QueryResult(BaseModel):
    """The rows found, best first."""

    index: str = Field(
        description="index version that was asked", json_schema_extra={"port": "index"}
    )
    dataset: str = Field(
        description="dataset version the hits come from", json_schema_extra={"port": "dataset"}
    )
    hits: list[Hit] = Field(description="rows found, best first")
    weights: dict[str, float] = Field(description="weight of each leg used")
    terms: list[str] = Field(description="words that were looked for")
    notices: list[str] = Field(description="what you should know about the result")


class ListParams(Params):
    """Nothing to choose."""


class IndexLine(BaseModel):
    """One index."""

    index: str = Field(
        description="reference of the newest version", json_schema_extra={"port": "index"}
    )
    dataset: str = Field(
        description="dataset version it was built on", json_schema_extra={"port": "dataset"}
    )
    rows: int = Field(description="rows indexed [rows]")
    encoder: str = Field(description="encoder of the meaning leg")
    is_current: bool = Field(description="whether the dataset has no newer version")


class ListResult(BaseModel):
    """Every index."""

    indexes: list[IndexLine] = Field(description="indexes by name")


class DeleteParams(Params):
    """Which index to hide."""

    index: IndexRef = Field(
        description="index version to delete",
        json_schema_extra={"positional": True, "port": "index"},
    )


class DeleteResult(BaseModel):
    """What was hidden."""

    index: str = Field(description="index version deleted", json_schema_extra={"port": "index"})
