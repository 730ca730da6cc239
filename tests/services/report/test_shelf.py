from millrace.core.context import Context
from millrace.services.report import shelf
from millrace.stores.artifacts import Artifacts


def test_a_report_is_kept_with_its_parents(ctx: Context) -> None:
    first = shelf.keep(ctx, "intent-evaluation", {"type": "evaluation"}, ["model:intent@1"])
    assert first == "report:intent-evaluation@1"
    assert ("model:intent@1", first) in ctx.use(Artifacts).lineage(first)
    assert shelf.keep(ctx, "intent-evaluation", {}, []) == "report:intent-evaluation@2"


def test_titles_are_short_and_distinct() -> None:
    assert shelf.title("intent", "evaluation") == "intent-evaluation"
    long = [shelf.title("m" * 60 + letter, "importance") for letter in "ab"]
    assert all(len(title) <= 64 and title.endswith("-importance") for title in long)
    assert long[0] != long[1]
