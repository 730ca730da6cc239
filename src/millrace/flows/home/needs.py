"""What waits for a person, the most urgent first."""

from typing import Any

from millrace.flows.home import wheel
from millrace.flows.home.store import Look
from millrace.flows.home.types import Need


def needs(found: Look) -> list[Need]:
    """Return everything that waits, by urgency: what stands still first, what ages last."""
    return [
        *_jobs(found),
        *_alerts(found),
        *_challengers(found),
        *_labels(found),
        *_indexes(found),
    ]


def _jobs(found: Look) -> list[Need]:
    said: list[Need] = []
    for state, kind, verb in (
        ("failed", "failed_job", "jobs.retry"),
        ("paused", "paused_job", "jobs.resume"),
    ):
        count, at = found.jobs.get(state, (0, 0.0))
        newest = [row for row in found.stuck if row.state == state]
        if not count or not newest:
            continue
        last, error = newest[0], newest[0].error or {}
        facts = {
            "op": last.op,
            "code": error.get("code", ""),
            "problem": error.get("problem", ""),
            "jobs": [{"id": row.id, "op": row.op, "at": row.created_at} for row in newest],
        }
        who = f"'{last.op}'" if count == 1 else f"{count} jobs, '{last.op}' last,"
        says = f"{who} {'failed' if state == 'failed' else 'wait to be resumed'}"
        says = says.replace("' wait to", "' waits to") if count == 1 else says
        why = f": {facts['problem']}" if facts["problem"] else "."
        said.append(
            Need.model_validate(
                {
                    **{"kind": kind, "count": count, "ref": last.id, "says": says + why},
                    **{"op": verb, "params": {"id": last.id}, "at": at, "facts": facts},
                }
            )
        )
    return said


def _alerts(found: Look) -> list[Need]:
    waiting = [row for row in found.of("alert") if row.meta.get("state") == "open"]
    return [
        Need(
            kind="alert",
            count=1,
            ref=wheel.ref_of(row),
            says=f"The inputs of '{_name(row.meta['deployment'])}' drifted: {row.meta['verdict']}",
            op="flows.review_drift",
            params={"alert": f"alert:{row.name}"},
            at=row.meta["at"],
            facts={name: row.meta[name] for name in ("deployment", "watch", "verdict")},
        )
        for row in sorted(waiting, key=lambda row: -float(row.meta["at"]))
    ]


def _challengers(found: Look) -> list[Need]:
    places: dict[str, dict[str, int]] = {}
    for row in found.aliases:
        if row.kind == "model":
            places.setdefault(row.name, {})[row.alias] = row.version
    there = {row.name: row for row in found.of("model")}
    said: list[Need] = []
    for name, marks in sorted(places.items()):
        challenger, champion = marks.get("challenger"), marks.get("champion")
        # One older than the champion has lost, or was the champion before.
        if name not in there or challenger is None or challenger <= (champion or 0):
            continue
        ref = f"model:{name}@{challenger}"
        against = f"model:{name}@{champion}" if champion else ""
        than = f" in place of '{against}'" if against else ""
        params: dict[str, Any] = {"model": ref, "expected": champion or 0}
        said.append(
            Need(
                kind="challenger",
                count=1,
                ref=ref,
                says=f"'{ref}' waits to be promoted{than}.",
                op="model.promote",
                params=params,
                at=there[name].created_at if there[name].version == challenger else None,
                facts={"champion": against, "challenger": ref},
            )
        )
    return said


def _labels(found: Look) -> list[Need]:
    sets = {row.name: wheel.ref_of(row) for row in found.of("labelset")}
    adjudicate: list[Need] = []
    queue: list[Need] = []
    for row in sorted(found.queues, key=lambda row: row.labelset):
        if row.labelset not in sets:
            continue
        ref, params = sets[row.labelset], {"labelset": f"labelset:{row.labelset}"}
        disputed = found.disputed.get(row.labelset, 0)
        stuck = disputed + int(row.flagged)
        if stuck:
            facts = {"disputed": disputed, "flagged": int(row.flagged)}
            says = f"{_many(stuck, 'item')} of '{row.labelset}' {_wait(stuck)} for adjudication."
            adjudicate.append(_need("adjudicate", stuck, ref, says, "label.adjudicate"))
            adjudicate[-1].params, adjudicate[-1].facts = dict(params), facts
        if row.open:
            says = f"{_many(row.open, 'item')} of '{row.labelset}' {_wait(row.open)} for a label."
            queue.append(_need("queue", int(row.open), ref, says, "label.next"))
            queue[-1].params = dict(params)
            queue[-1].facts = {"items": int(row.items), "done": int(row.done)}
    return [*adjudicate, *queue]


def _indexes(found: Look) -> list[Need]:
    said: list[Need] = []
    for row, newest in wheel.stale(found):
        ref = wheel.ref_of(row)
        says = f"'{ref}' was built on '{row.meta['dataset']}'; the newest is '{newest}'."
        need = _need("stale_index", 1, ref, says, "search.build")
        need.params = {"dataset": newest, "name": row.name, "text": row.meta.get("columns", [])}
        need.at, need.facts = row.created_at, {"built_on": row.meta["dataset"], "newest": newest}
        said.append(need)
    return said


def _need(kind: Any, count: int, ref: str, says: str, op: str) -> Need:
    return Need(kind=kind, count=count, ref=ref, says=says, op=op, params={}, at=None, facts={})


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"


def _wait(count: int) -> str:
    return "wait" if count != 1 else "waits"


def _name(ref: str) -> str:
    return ref.partition(":")[2].partition("@")[0]
