"""Models read from the workspace and made ready to answer, shared by all who ask."""

import threading
from collections import OrderedDict
from datetime import UTC, datetime
from typing import Any, Self

from millrace.core.workspace import Workspace
from millrace.deployment.engine.signature import Answer, Field, Signature
from millrace.services.encoder import Encoders
from millrace.services.predictor.manifest import Feature
from millrace.services.predictor.predictor import Predictor
from millrace.stores.artifacts import Artifact
from millrace.stores.models import Models

KEPT = 8
_DATATYPES = {"number": "FP64", "boolean": "BOOL", "date": "BYTES", "text": "BYTES"}


class Loader:
    """The predictors of a workspace, the last few used kept in memory."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.models = workspace.use(Models)
        self._kept: OrderedDict[tuple[str, str], Predictor] = OrderedDict()
        self._lock = threading.Lock()

    @classmethod
    def open(cls, workspace: Workspace) -> Self:
        """Open on a workspace; nothing is loaded yet."""
        return cls(workspace)

    def close(self) -> None:
        """Let go of the predictors."""
        self._kept.clear()

    def load(self, model: Artifact, name: str) -> "Loaded":
        """Return a model version under the name of a deployment, and let it answer once.

        Errors: those of the predictor; unavailable, its encoder is missing.
        """
        key = (model.project, model.ref)  # another project may have a model of the same name
        with self._lock:
            predictor = self._kept.pop(key, None)
            if predictor is None:
                folder = self.models.folder(model)
                predictor = Predictor.load(folder, self.workspace.use(Encoders))
            self._kept[key] = predictor
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return Loaded(predictor, model, name)


class Loaded:
    """A predictor as the engine knows models."""

    def __init__(self, predictor: Predictor, model: Artifact, name: str) -> None:
        self.predictor = predictor
        manifest = predictor.manifest
        self.signature = Signature(
            name,
            str(model.version),
            tuple(Field(f.name, _DATATYPES[f.source]) for f in manifest.features),
            tuple(manifest.classes) or None,
            {"task": manifest.task, "target": manifest.target},
        )

    def predict(self, columns: dict[str, Any], rows: int) -> Answer:
        """Answer `rows` rows."""
        del rows
        found = self.predictor.predict_arrays(columns)
        return Answer(found.values, found.proba)

    def warm_up(self) -> None:
        """Answer one ordinary row, so that the first caller does not wait for libraries."""
        features = self.predictor.manifest.features
        self.predict({feature.name: [_ordinary(feature)] for feature in features}, 1)


def _ordinary(feature: Feature) -> Any:
    if feature.source == "number":
        return feature.median if feature.type != "category" else float(feature.levels[0])
    if feature.source == "boolean":
        return False
    if feature.source == "date" or feature.type == "date":
        return datetime.fromtimestamp(feature.median, UTC).replace(tzinfo=None).isoformat()
    return feature.levels[0] if feature.levels else ""
