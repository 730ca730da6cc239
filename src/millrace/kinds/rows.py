"""What every rows-op takes and gives back."""

from pydantic import BaseModel, ConfigDict, Field

from millrace.kinds.ref import DatasetRef, Name


class Params(BaseModel):
    """Base of op params: unknown fields are an error."""

    model_config = ConfigDict(extra="forbid")


class RowsParams(Params):
    """Where a rows-op reads and writes."""

    dataset: DatasetRef = Field(
        description="dataset to read", json_schema_extra={"positional": True, "port": "dataset"}
    )
    output: Name | None = Field(
        default=None, description="dataset to write; left out: a new version of the one read"
    )
    batch_rows: int = Field(
        default=1000, ge=1, le=1_000_000, description="rows in one batch [rows]"
    )


class RowsResult(BaseModel):
    """What a rows-job left behind."""

    dataset: str = Field(
        description="reference of the version written", json_schema_extra={"port": "dataset"}
    )
    rows_in: int = Field(description="rows read [rows]")
    rows_out: int = Field(description="rows written [rows]")
    batches: int = Field(description="batches processed")
