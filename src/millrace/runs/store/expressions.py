"""Columns and filters of runs as SQL over MLflow's tables; nothing is concatenated raw."""

from dataclasses import dataclass, field
from typing import Any

from mlflow.store.tracking.dbmodels.models import (
    SqlLatestMetric,
    SqlMetric,
    SqlParam,
    SqlRun,
    SqlTag,
)
from sqlalchemy import ColumnElement, Float, and_, case, cast, func, not_, null, or_, select

from millrace.core.errors import InvalidInput
from millrace.kinds.filter import DEPTH, All, Any_, Condition, Not
from millrace.runs.engine.columns import (
    COMPARED,
    NUMBER,
    WORDS,
    Column,
    check,
    column,
    is_number,
)
from millrace.stores.tracking import DATASET_TAG, JOB_TAG, MODEL_TAG, OP_TAG

RUN: Any = SqlRun.__table__
METRIC: Any = SqlMetric.__table__
LATEST: Any = SqlLatestMetric.__table__
PARAM: Any = SqlParam.__table__
TAG: Any = SqlTag.__table__
NAMED = {
    "user": "mlflow.user",
    "op": OP_TAG,
    "dataset": DATASET_TAG,
    "model": MODEL_TAG,
    "job": JOB_TAG,
}
Sql = ColumnElement[Any]


@dataclass
class Columns:
    """Columns of runs as SQL, and the tables that must be joined for them."""

    joined: dict[str, Any] = field(default_factory=dict[str, Any])

    def source(self) -> Any:
        """Return what to select from, after every column was asked for."""
        found: Any = RUN
        for part in self.joined.values():
            found = found.outerjoin(part, part.c.run_uuid == RUN.c.run_uuid)
        return found

    def number(self, wanted: Column) -> Sql | None:
        """Return the column's numbers, None where it has only texts."""
        if wanted.group == "params":
            text = self.text(wanted)
            return case((text.regexp_match(NUMBER), cast(text, Float(53))), else_=null())
        if wanted.group == "metrics":
            known = and_(LATEST.c.key == wanted.name, LATEST.c.run_uuid == RUN.c.run_uuid)
            last = select(LATEST.c.value).where(known, LATEST.c.is_nan.is_(False))
            return last.scalar_subquery()
        if wanted.group in ("min", "max"):
            part = self.joined.setdefault(wanted.name, _extremes(wanted.name))
            return part.c.least if wanted.group == "min" else part.c.most
        if wanted.group or not wanted.numeric:
            return None
        if wanted.name == "duration":
            return (RUN.c.end_time - RUN.c.start_time) / 1000.0
        return (RUN.c.start_time if wanted.name == "started_at" else RUN.c.end_time) / 1000.0

    def text(self, wanted: Column) -> Sql:
        """Return the column's texts; empty ones are none."""
        if wanted.group == "params":
            return _looked_up(PARAM, wanted.name)
        if wanted.group == "tags":
            return _looked_up(TAG, wanted.name)
        if wanted.name in NAMED:
            return _looked_up(TAG, NAMED[wanted.name])
        if wanted.name == "state":
            return func.lower(RUN.c.status)
        return func.nullif(RUN.c.name, "")

    def where(self, found: Condition | All | Any_ | Not, depth: int = 0) -> Sql:
        """Return a filter as SQL; what a run lacks fits no comparison.

        Errors: invalid_input, no such column, a value of another type, nested too deep.
        """
        if depth > DEPTH:
            raise InvalidInput(
                f"The filter is nested deeper than {DEPTH}.", "Flatten it.", field="filter"
            )
        if isinstance(found, Condition):
            return func.coalesce(self._condition(found), False)
        if isinstance(found, Not):
            return not_(self.where(found.negated, depth + 1))
        if isinstance(found, All):
            return and_(*(self.where(part, depth + 1) for part in found.all))
        return or_(*(self.where(part, depth + 1) for part in found.any))

    def _condition(self, found: Condition) -> Sql:
        wanted = column(found.column)
        check(found, wanted)
        values: Any = found.value
        listed = values if isinstance(values, list) else [values]
        if found.op in ("is null", "is not null"):
            there: Any = self.number(wanted) if wanted.numeric else self.text(wanted)
            return there.is_(None) if found.op == "is null" else there.is_not(None)
        if is_number(listed[0]):
            there, listed = self.number(wanted), [float(one) for one in listed]
        else:
            there = self.text(wanted)
            listed = [str(one).lower() if isinstance(one, bool) else one for one in listed]
        if found.op == "in":
            return there.in_(listed)
        if found.op == "not in":
            return there.not_in(listed)
        if found.op == "between":
            return there.between(listed[0], listed[1])
        if found.op in WORDS:
            return _worded(found.op, there, str(listed[0]))
        return COMPARED[found.op](there, listed[0])

    def order(self, wanted: Column, *, descending: bool) -> list[Sql]:
        """Return what to order by: numbers before texts, runs without a value last."""
        parts: list[Any] = []
        number = self.number(wanted)
        if number is not None:
            parts.append(number)
        if not wanted.numeric:
            parts.append(self.text(wanted))
        made = [(part.desc() if descending else part.asc()).nulls_last() for part in parts]
        return [*made, RUN.c.start_time.desc().nulls_last(), RUN.c.run_uuid]


def _worded(op: str, there: Any, one: str) -> Sql:
    if op == "contains text":
        return there.icontains(one, autoescape=True)
    if op == "starts with":
        return func.substr(there, 1, len(one)) == one
    return func.replace(there, one, "") != there  # minds the case; LIKE does so on Postgres only


def _looked_up(table: Any, key: str) -> Sql:
    found = select(table.c.value).where(table.c.key == key, table.c.run_uuid == RUN.c.run_uuid)
    return func.nullif(found.scalar_subquery(), "")


def _extremes(key: str) -> Any:
    """Return the least and greatest value of one metric by run, in one pass over its index."""
    return (
        select(
            METRIC.c.run_uuid,
            func.min(METRIC.c.value).label("least"),
            func.max(METRIC.c.value).label("most"),
        )
        .where(METRIC.c.key == key, METRIC.c.is_nan.is_(False))
        .group_by(METRIC.c.run_uuid)
        .subquery()
    )
