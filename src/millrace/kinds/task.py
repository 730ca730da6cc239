"""What a model is asked to do."""

from typing import Literal

Task = Literal["classification", "regression"]
ColumnType = Literal["number", "category", "date", "text", "boolean", "id"]
