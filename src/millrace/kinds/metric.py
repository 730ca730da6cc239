"""A named number with its uncertainty."""

from pydantic import BaseModel, Field


class Metric(BaseModel):
    """One metric of one model on one snapshot."""

    name: str = Field(description="accuracy, f1_macro, roc_auc, rmse ...")
    value: float = Field(description="the number")
    low: float | None = Field(default=None, description="lower end of the interval")
    high: float | None = Field(default=None, description="upper end of the interval")
    greater_is_better: bool = Field(default=True, description="whether more is better")
