"""Bring a source into a dataset: all rows or none, resumable, nothing dropped in silence."""

import os
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from millrace.core import policy
from millrace.core.context import Context
from millrace.core.errors import Conflict, InvalidInput, NotFound
from millrace.core.events import Checkpoint, Event, Progress
from millrace.core.ids import NAME, check_name
from millrace.dataset import query
from millrace.dataset.params import ImportParams
from millrace.dataset.readers import Reader, reader
from millrace.dataset.results import ImportResult, SourceFacts
from millrace.dataset.source import REMOTE, Source, local_path, locate
from millrace.dataset.types import Bad, Options, Plan, Wider

if TYPE_CHECKING:
    from millrace.dataset.engine.convert import Parsed

OP = "dataset.import"
QUARANTINE = "-quarantine"
Steps = Generator[Event, None, ImportResult]


def run(params: ImportParams, ctx: Context) -> Steps:
    """Read, stage and publish; begin again with a wider plan when later rows ask for it."""
    source = find(params, ctx)
    name = target(params, source)
    found = reader(source, options(params, ctx, name))
    plan = _remembered(found, ctx)
    if plan is None:
        plan = found.plan()
        yield _checkpoint(found, plan)
    while True:
        intake = Intake(ctx, name, params, found, plan)
        try:
            yield from intake.fill()
        except Wider as wider:
            forget(ctx)
            plan = wider.plan
            yield _checkpoint(found, plan)
        else:
            return intake.publish()


def _checkpoint(found: Reader, plan: Plan) -> Checkpoint:
    return Checkpoint(data={"stamp": found.stamp, "plan": plan.model_dump(mode="json")})


def _remembered(found: Reader, ctx: Context) -> Plan | None:
    """Return the plan of an earlier life of this job, if the source is still the same."""
    if not ctx.checkpoint:
        return None
    if ctx.checkpoint.get("stamp") != found.stamp:
        raise Conflict(
            f"'{found.source.address[:200]}' changed while it was being imported.",
            "Import it again as a new job; nothing of it was published.",
        )
    return Plan.model_validate(ctx.checkpoint["plan"])


def find(params: ImportParams, ctx: Context) -> Source:
    """Find the source, if this actor may read from there.

    Anyone who may import may read below the workspace's 'uploads'; elsewhere takes the
    right to run external ops, as the owner has.
    """
    address = params.path
    if address.lower().startswith(query.SCHEMES):
        policy.check(ctx.actor, OP, "external")
        if params.format not in (None, "sql"):
            raise InvalidInput(
                f"A database is not read as '{params.format}'.",
                "Leave 'format' out.",
                field="format",
            )
        query.parse(address)
        query.check_query(params.query)
        return Source(address, "file", "", ".sql", 0, address, _never_opened)
    if address.startswith(REMOTE):
        policy.check(ctx.actor, OP, "external")
        return locate(address, ctx.workspace.settings.s3_endpoint)
    plain = address.removeprefix("file://")
    if "://" not in plain:
        policy.check_read(ctx.actor, OP, _where(plain), ctx.workspace.root)
    return locate(plain)


def _where(address: str) -> Path:
    """Return where a path's links lead, even if nothing is there."""
    try:
        return local_path(address)
    except NotFound:
        return Path(os.path.abspath(address))


def _never_opened() -> Any:
    raise TypeError("a database is not opened as a file")


def target(params: ImportParams, source: Source) -> str:
    """Return the name of the dataset to write.

    Errors: invalid_input, no name can be made of the source, or it leaves no room.
    """
    if params.name is None:
        plain = "".join(c if NAME.fullmatch("a" + c) else "-" for c in source.name.lower())
        name = plain.strip("-._")[: 64 - len(QUARANTINE)]
        if not name:
            raise InvalidInput("The dataset needs a name.", "Pass 'name'.", field="name")
    else:
        name = params.name
    if len(name) + len(QUARANTINE) > 64:
        raise InvalidInput(
            f"The name '{name}' is too long for an import.",
            f"Use at most {64 - len(QUARANTINE)} characters: '{QUARANTINE}' is added to it.",
            field="name",
        )
    return check_name(name)


def options(params: ImportParams, ctx: Context, name: str) -> Options:
    """Return what the user said about the source."""
    return Options(
        format=params.format or ("sql" if params.path.lower().startswith(query.SCHEMES) else None),
        encoding=params.encoding,
        delimiter=params.delimiter,
        header=params.header,
        decimal=params.decimal,
        types=params.types,
        columns=params.columns,
        missing=params.missing,
        skip_lines=params.skip_lines,
        sheet=params.sheet,
        query=params.query,
        restore=params.restore,
        max_columns=params.max_columns,
        max_record=params.max_record,
        max_files=params.max_files,
        existing=_existing(ctx, name) if params.mode == "append" else None,
    )


def _existing(ctx: Context, name: str) -> dict[str, Any] | None:
    """Return how the columns that rows are added to are stored."""
    from millrace.dataset.engine.convert import storages
    from millrace.stores.datasets import Datasets

    try:
        return storages(ctx.use(Datasets).info(name, ctx.project).schema)
    except NotFound:
        return None


def forget(ctx: Context) -> None:
    """Drop what this job staged so far, so that it begins again."""
    from millrace.stores.fence import fence
    from millrace.stores.jobs.record import forget_stages
    from millrace.stores.sql import Database

    if ctx.job is None:
        return
    with ctx.use(Database).begin() as connection:
        fence(connection, ctx)
        forget_stages(connection, ctx.job)


def judge(plan: Plan, misfits: Counter[str], rows: int, *, final: bool) -> None:
    """Raise Wider when more rows than tolerated did not fit a column."""
    from millrace.dataset.engine.columns import given_up

    for column in plan.columns:
        missed = misfits.get(column.name, 0)
        text = given_up(column, missed, rows, final=final) if missed else None
        if text is not None:
            raise Wider(plan.with_column(text, f"Column '{text.name}': {text.reason}."))


class Intake:
    """One attempt at a source with one plan: good rows here, bad rows beside."""

    def __init__(
        self, ctx: Context, name: str, params: ImportParams, found: Reader, plan: Plan
    ) -> None:
        from millrace.stores.datasets import Datasets

        self.ctx = ctx
        self.name = name
        self.params = params
        self.reader = found
        self.plan = plan
        self.datasets: Datasets = ctx.use(Datasets)
        self.main = self.datasets.stage(ctx, name, params.mode)
        if not found.resumable and self.main.cursor and self.main.base.state == "staging":
            forget(ctx)
            self.main = self.datasets.stage(ctx, name, params.mode)
        self.aside: Any = None
        state: dict[str, Any] = self.main.cursor or {}
        self.done = int(state.get("blocks", 0))
        self.bad = int(state.get("bad", 0))
        self.blank = int(state.get("blank", 0))
        self.misfits = Counter[str](state.get("misfits", {}))
        self.reasons = Counter[str](state.get("reasons", {}))

    def fill(self) -> Iterator[Event]:
        """Stage every block that is not staged yet.

        Raises Wider when the types turn out too narrow.
        """
        if self.main.base.state == "published":
            return
        for block in self.reader.blocks(self.plan, self.done):
            self._take(block)
            judge(self.plan, self.misfits, self.main.rows + self.bad, final=False)
            done, total = self.reader.done, self.reader.total
            note = f"{self.main.rows:,} rows"
            yield Progress.of(done if total else self.main.rows, total, note)
        judge(self.plan, self.misfits, self.main.rows + self.bad, final=True)
        if not self.main.rows:
            said = self.reasons.most_common(1)
            why = f"; most often: {said[0][0]}" if said else ""
            raise InvalidInput(
                f"None of the {self.bad:,} rows could be read{why}.",
                "Check delimiter, header and types.",
            )

    def _take(self, block: "Parsed") -> None:
        """Stage the bad rows first: a block counts as done only with its good ones."""
        self.done += 1
        if block.bad:
            self._set_aside(block.bad)
        self.bad += len(block.bad)
        self.blank += block.blank
        self.misfits.update(block.misfits)
        self.reasons.update(bad.reason[:200] for bad in block.bad)
        self.reasons = Counter(dict(self.reasons.most_common(20)))
        cursor = {
            "blocks": self.done,
            "bad": self.bad,
            "blank": self.blank,
            "misfits": self.misfits,
            "reasons": self.reasons,
        }
        self.main.add(block.table, cursor)

    def _set_aside(self, bad: list[Bad]) -> None:
        from millrace.dataset.engine.convert import quarantine

        if self.aside is None:
            self.aside = self.datasets.stage(self.ctx, self.name + QUARANTINE, "replace")
        if int(self.aside.cursor or 0) < self.done:
            self.aside.add(quarantine(bad, self._shown()), self.done)

    def _shown(self) -> str:
        return self.params.path.rsplit("/", 1)[-1] if "://" not in self.params.path else "query"

    def publish(self) -> ImportResult:
        """Publish the bad rows, then the good ones, and say what was done."""
        if self.main.base.state == "published":
            return ImportResult.model_validate(self._published())
        aside = self._publish_aside()
        result = ImportResult(
            dataset="",
            rows=self.main.rows,
            quarantined=self.bad,
            quarantine=aside,
            reasons=dict(self.reasons),
            blank=self.blank,
            source=facts(self.plan),
            columns=self.plan.columns,
            notes=[*self.plan.notes, *hints(self.plan, self.reasons)],
            fingerprint=self.reader.fingerprint(),
        )
        before = [self._before()] if self.params.mode == "append" else []
        meta = {
            "op": OP,
            "path": self.params.path,
            "options": self.params.model_dump(mode="json", exclude_defaults=True),
            "types": {column.name: column.type for column in self.plan.columns},
            "import": result.model_dump(mode="json"),
        }
        ref = self.main.publish(parents=[ref for ref in before if ref], meta=meta)
        return result.model_copy(update={"dataset": ref})

    def _publish_aside(self) -> str | None:
        if not self.bad:
            return None
        if self.aside is None:
            self.aside = self.datasets.stage(self.ctx, self.name + QUARANTINE, "replace")
        meta = {"op": OP, "path": self.params.path, "of": self.name}
        return self.aside.publish(meta=meta)

    def _published(self) -> dict[str, Any]:
        ref = self.main.publish()
        meta = self.datasets.info(ref, self.ctx.project).meta
        return {**meta["import"], "dataset": ref}

    def _before(self) -> str | None:
        try:
            return self.datasets.info(self.name, self.ctx.project).ref
        except NotFound:
            return None


def hints(plan: Plan, reasons: Counter[str]) -> list[str]:
    """Say what the bad rows have in common, when that is worth saying."""
    wanted = sum(count for reason, count in reasons.items() if "text in UTF-8" in reason)
    if not wanted or not plan.encoding.startswith("utf-8"):
        return []
    return [f"{wanted} rows are not valid UTF-8; if they are many, pass 'encoding'."]


def facts(plan: Plan) -> SourceFacts:
    """Return how a source is read, as results tell it."""
    told = plan.model_dump(include=set(SourceFacts.model_fields))
    return SourceFacts.model_validate({**told, "delimiter": plan.delimiter.replace("\x1f", "")})
