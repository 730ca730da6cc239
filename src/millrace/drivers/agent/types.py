"""What the agent takes and gives."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from millrace.kinds.dry import DryRun
from millrace.kinds.rows import Params


class ProposeParams(Params):
    """What a person wrote, and what they look at."""

    text: str = Field(
        min_length=1,
        max_length=100_000,
        description="what is to be done, in English or Russian; 4,000 characters are read",
        json_schema_extra={"positional": True},
    )
    about: str | None = Field(
        default=None,
        max_length=140,
        pattern=r"^[a-z]{2,20}:[^:]{1,110}$",
        description="thing the person looks at, such as dataset:tickets@3",
    )
    limit: int = Field(default=5, ge=1, le=20, description="proposals at most [ops]")


class Filled(BaseModel):
    """One field that was filled in, and why."""

    field: str = Field(description="field of the form")
    value: Any = Field(description="value")
    said: str = Field(description="words it is from; empty: not from the text")
    how: str = Field(
        description="written, name, near_name, quoted, rest, number, duration, choice, column, "
        "switch, file, about or only_one"
    )
    sure: float = Field(description="how sure that is [0..1]")


class Question(BaseModel):
    """One field that is needed and was not said."""

    field: str = Field(description="field of the form")
    question: str = Field(description="what to ask")
    type: str = Field(description="type of the answer")
    choices: list[str] = Field(description="answers there are, twenty at most; empty: any")


class Candidate(BaseModel):
    """One op with its filled form."""

    op: str = Field(description="op")
    summary: str = Field(description="what it does")
    effect: Literal["read", "write", "spend", "external", "destructive"] = Field(
        description="what it may do"
    )
    needs_approval: bool = Field(description="whether a person must agree before it runs")
    allowed: bool = Field(description="whether the caller's role may run it")
    score: float = Field(description="how well it fits, beside the others [0..1]")
    why: list[str] = Field(description="reasons")
    params: dict[str, Any] = Field(description="what was filled in, ready to send")
    filled: list[Filled] = Field(description="each value with its reason")
    questions: list[Question] = Field(description="what is needed and was not said")
    dry_run: DryRun | None = Field(
        description="what would happen; none while something is missing or wrong"
    )
    problem: str | None = Field(description="why it cannot run as filled in; none: nothing")
    cli: str = Field(description="the same as a command line")


class ProposeResult(BaseModel):
    """What the text may mean, the likeliest first; nothing was run."""

    text: str = Field(description="text as it was read")
    language: Literal["en", "ru"] = Field(description="language it was taken for")
    understood: bool = Field(description="whether the first proposal is more than a guess")
    candidates: list[Candidate] = Field(description="proposals, the likeliest first")
    notes: list[str] = Field(description="what to know")

    def readable(self) -> str:
        """Return the proposals as a person reads them in a terminal."""
        lines = [] if self.understood else ["I am not sure what you mean; my guesses:"]
        for number, one in enumerate(self.candidates, 1):
            lines.append(f"{number}. {one.op} ({one.effect}): {one.summary}")
            lines.append(f"   {one.cli}")
            lines += [f"   ? {question.question}" for question in one.questions]
            if one.problem:
                lines.append(f"   ! {one.problem}")
        lines += ["Nothing was run.", *(f"Note: {note}" for note in self.notes)]
        return "\n".join(lines)
