"""A saved model, ready to answer."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import ValidationError

from millrace.core.errors import Conflict, InvalidInput, Unavailable, choices
from millrace.services.predictor import columns
from millrace.services.predictor.manifest import ARRAYS, FILE, FORMAT, Choice, Manifest
from millrace.services.predictor.members.files import damaged, load_arrays
from millrace.services.predictor.members.member import Member, load
from millrace.services.predictor.members.rows import FewRows
from millrace.services.predictor.views import Preprocessor, TextEncoder, Views, embed

Array = NDArray[Any]
CHUNK = 50_000
ONE_BY_ONE = 16


class Encoders(Protocol):
    """Gives text encoders by name."""

    def get(self, name: str | None = None) -> TextEncoder:
        """Return the encoder of that name, or the default one."""
        ...


@dataclass
class Prediction:
    """Answers for n rows: values (n,), and for classification probabilities (n, k)."""

    values: Array
    proba: Array | None = None
    classes: list[Any] = field(default_factory=list[Any])
    unseen: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def warnings(self) -> list[str]:
        """Return a sentence for each column with categories never seen in training."""
        return [
            f"Column '{name}' has {count} values that training never saw; they count as 'other'."
            for name, count in self.unseen.items()
        ]


class Predictor:
    """Answers with one member or with the weighted mean of several.

    Safe to share between threads. `members` and `weights` are those that answer.
    """

    def __init__(
        self,
        manifest: Manifest,
        preprocessor: Preprocessor,
        parts: Mapping[str, Member],
        encoder: TextEncoder | None = None,
        choice: Choice | None = None,
    ) -> None:
        self.manifest = manifest
        self.preprocessor = preprocessor
        self.weights = manifest.weights(choice)
        self.members = {name: parts[name] for name in self.weights}
        self.encoder = encoder
        self.classes = list(manifest.classes)
        self._values = np.array(self.classes, dtype=_dtype(self.classes))
        self._few = FewRows(preprocessor, self.members, self.weights, len(self.classes))

    @classmethod
    def load(
        cls,
        folder: Path,
        encoders: Encoders | None = None,
        choice: Choice | None = None,
        manifest: Manifest | None = None,
    ) -> "Predictor":
        """Read a model folder.

        `choice` overrides whether the ensemble or the best single member answers, `manifest`
        the one in the folder.
        Errors: invalid_input, no or a damaged model; conflict, written by a newer Millrace or
        with another encoder; missing_extra, it needs CatBoost and that is absent.
        """
        manifest = manifest or read_manifest(folder)
        arrays = load_arrays(folder / ARRAYS) if (folder / ARRAYS).is_file() else {}
        outputs = len(manifest.classes)
        kinds = {member.name: member.kind for member in manifest.members}
        parts: dict[str, Member] = {}
        for name in manifest.weights(choice):
            if Path(name).name != name or name not in kinds:
                raise damaged(folder / FILE)
            parts[name] = load(kinds[name], folder, name, outputs)
        encoder = _encoder(manifest, encoders)
        return cls(manifest, Preprocessor(manifest.features, arrays), parts, encoder, choice)

    @property
    def features(self) -> list[str]:
        """Return the columns it needs, in order."""
        return [feature.name for feature in self.manifest.features]

    def predict(self, table: pa.Table) -> Prediction:
        """Answer the rows of a table; other columns are ignored.

        Cost: one pass over the columns, in chunks of 50,000 rows.
        Errors: invalid_input, columns are missing or hold another kind of values.
        """
        unseen: dict[str, int] = {}
        answers: list[Array] = []
        for start in range(0, max(1, table.num_rows), CHUNK):
            views = self.views(table.slice(start, CHUNK))
            answers.append(self.answer(views))
            for name, count in views.columns.unseen.items():
                unseen[name] = unseen.get(name, 0) + count
        return self._prediction(np.concatenate(answers), unseen)

    def views(self, table: pa.Table) -> Views:
        """Return the matrices of a table, with its texts encoded."""
        found = columns.read(table, self.manifest.features)
        embed(found, self.preprocessor.texts, self.encoder)
        return Views(self.preprocessor, found)

    def answer(self, views: Views) -> Array:
        """Return values (n,) or probabilities (n, k) for matrices made by `views`."""
        shape = (views.rows, len(self.classes)) if self.classes else (views.rows,)
        total = np.zeros(shape)
        if views.rows:
            for name, weight in self.weights.items():
                total += weight * self.members[name].predict(views)
        return self._scaled(total)

    def predict_arrays(self, arrays: Mapping[str, Sequence[Any] | Array]) -> Prediction:
        """Answer rows given as one array or list per column; fast for a few rows.

        Errors: as `predict`; also invalid_input, the columns differ in length.
        """
        absent = [name for name in self.features if name not in arrays]
        if absent:
            raise InvalidInput(
                f"The model needs columns that are missing: {choices(absent)}.",
                f"The columns given are {choices(list(arrays))}.",
                missing=absent[:100],
            )
        lengths = {name: len(arrays[name]) for name in self.features}
        rows = next(iter(lengths.values()), 0)
        if any(length != rows for length in lengths.values()):
            odd = next(name for name, length in lengths.items() if length != rows)
            raise InvalidInput(
                f"Column '{odd}' has {lengths[odd]} values and '{self.features[0]}' has {rows}.",
                "Give every column the same number of values.",
                column=odd,
            )
        if 0 < rows <= ONE_BY_ONE and self._few.fits:
            fast = self._few.answer([arrays[name] for name in self.features], rows)
            if fast is not None:
                return self._prediction(self._scaled(fast), {})
        return self.predict(as_table({name: arrays[name] for name in self.features}))

    def _scaled(self, answer: Array) -> Array:
        if self.classes:
            return answer
        return answer * self.manifest.scale + self.manifest.center

    def _prediction(self, answer: Array, unseen: dict[str, int]) -> Prediction:
        if not self.classes:
            return Prediction(answer, None, [], unseen)
        return Prediction(self._values[answer.argmax(axis=1)], answer, self.classes, unseen)


def _dtype(classes: Sequence[Any]) -> Any:
    return object if any(isinstance(value, str) for value in classes) else None


def as_table(arrays: Mapping[str, Sequence[Any] | Array]) -> pa.Table:
    """Return named arrays as a table.

    Errors: invalid_input, a column mixes kinds of values.
    """
    made: dict[str, pa.Array] = {}
    for name, values in arrays.items():
        try:
            made[name] = pa.array(values)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
            raise InvalidInput(
                f"Column '{name}' mixes kinds of values.",
                "Give each column values of one type, or null.",
                column=name,
            ) from error
    return pa.table(made)


def read_manifest(folder: Path) -> Manifest:
    """Read and check `manifest.json`.

    Errors: invalid_input, it is absent or damaged; conflict, written by a newer Millrace.
    """
    path = folder / FILE
    try:
        text = path.read_text(encoding="utf-8")
        manifest = Manifest.model_validate_json(text)
    except (OSError, ValueError, ValidationError) as error:
        newer = _newer(path)
        if newer:
            raise newer from error
        raise InvalidInput(
            f"'{folder.name}' holds no readable {FILE}.", "Name the folder of an exported model."
        ) from error
    if manifest.format > FORMAT:
        raise _too_new(manifest.format)
    return manifest


def _newer(path: Path) -> Conflict | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8")).get("format", 0)
    except (OSError, ValueError, AttributeError):
        return None
    return _too_new(found) if isinstance(found, int) and found > FORMAT else None


def _too_new(found: int) -> Conflict:
    return Conflict(
        f"The model has format {found}, and this Millrace reads up to {FORMAT}.",
        "Install a newer Millrace: 'pip install -U millrace'.",
        format=found,
    )


def _encoder(manifest: Manifest, encoders: Encoders | None) -> TextEncoder | None:
    wanted = manifest.encoder
    if wanted is None:
        return None
    if encoders is None:
        raise Unavailable(
            f"The model reads text with the encoder '{wanted.name}', and none was given.",
            "Load it through the workspace.",
        )
    encoder = encoders.get(wanted.name)
    if encoder.fingerprint != wanted.fingerprint:
        raise Conflict(
            f"The encoder '{wanted.name}' here is not the one the model was trained with.",
            "Restore its weights, or train the model again.",
            encoder=wanted.name,
        )
    return encoder
