"""Give out a workspace's encoders, each opened on first use."""

import threading
from logging import getLogger
from pathlib import Path
from typing import TYPE_CHECKING, Self

from millrace.core.errors import InvalidInput
from millrace.core.ids import digest
from millrace.core.workspace import Workspace
from millrace.services.encoder import weights
from millrace.services.encoder.spec import HASHED, LOCAL, SPECS, Precision, Spec, find, parse

if TYPE_CHECKING:
    from millrace.services.encoder.encoder import Encoder

LOG = getLogger("millrace.encoder")


class Encoders:
    """The encoders of one workspace: `ctx.use(Encoders).get().encode(texts)`."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._open: dict[tuple[str, Precision, bool], Encoder] = {}
        self._lock = threading.RLock()

    @classmethod
    def open(cls, workspace: Workspace) -> Self:
        """Open on a workspace; nothing is loaded yet."""
        return cls(workspace)

    def close(self) -> None:
        """Let go of the encoders."""
        with self._lock:
            self._open.clear()

    def get(
        self, name: str | None = None, precision: Precision | None = None, *, cached: bool = True
    ) -> "Encoder":
        """Return an encoder by name, or the one of the setting 'encoder'.

        `name:int8` and `precision="int8"` mean the same; `a+b` joins the vectors of both. Only
        where no name is given and its weights are nowhere does a hashed encoder stand in: show
        its `notice` with the result.
        `cached=False` keeps its vectors out of the workspace's cache. No network is used.
        Errors: invalid_input, no such encoder, wrong files, or int8 loses too much;
        missing_extra, the named encoder has no weights here; not_found, 'encoder_path' is empty.
        """
        if name and "+" in name:
            from millrace.services.encoder.joined import Joined

            parts = name.split("+")
            return Joined([self.get(part, precision, cached=cached) for part in parts])
        base, exact = parse(name or self._workspace.settings.encoder, precision)
        with self._lock:
            key = (base if name else "", exact, cached)
            if key not in self._open:
                self._open[key] = self._load(base, exact, bool(name), cached)
            return self._open[key]

    def where(self, name: str | None = None) -> str:
        """Return where an encoder's weights lie, empty when they are nowhere; loads nothing."""
        base, _ = parse(name or self._workspace.settings.encoder)
        if base == HASHED:
            return "built in"
        found = self._locate(base)
        return found.source if found else ""

    def download(self, name: str | None = None) -> str:
        """Fetch an encoder's weights from the Hugging Face hub, for a user who asks for it."""
        base, _ = parse(name or self._workspace.settings.encoder)
        return str(weights.download(find(base)).folder)

    def _locate(self, base: str) -> weights.Weights | None:
        settings = self._workspace.settings
        is_default = base == parse(settings.encoder)[0]
        folder = settings.encoder_path if is_default or base == LOCAL else ""
        if base == LOCAL:
            if not folder:
                raise InvalidInput(
                    f"The encoder '{LOCAL}' needs a folder.",
                    "Set 'encoder_path' to one with model.safetensors, tokenizer.json and "
                    "config.json.",
                    field="encoder_path",
                )
            return weights.in_folder(Path(folder).expanduser())
        return weights.locate(find(base), folder)

    def _load(self, base: str, precision: Precision, was_named: bool, cached: bool) -> "Encoder":
        if base == HASHED:
            return self._hashed(
                "Texts were compared by their spelling (hashed character n-grams), not by meaning."
            )
        found = self._locate(base)
        if found is None:
            error = weights.missing(find(base))
            if was_named:
                raise error
            LOG.warning("%s", error)
            return self._hashed(
                f"{error.problem} Texts were compared by their spelling (hashed character "
                f"n-grams), not by meaning. {error.hint}"
            )
        spec = weights.describe(found) if base == LOCAL else find(base)
        return self._semantic(spec, found, precision, cached)

    def _semantic(
        self, spec: Spec, found: weights.Weights, precision: Precision, cached: bool
    ) -> "Encoder":
        from millrace.services.encoder import build
        from millrace.services.encoder.encoder import Encoder
        from millrace.stores.cache import Cache

        print_ = build.fingerprint(spec, found, weights.verify(spec, found), precision)
        homes = [build.shared_home(), self._workspace.root / "cache" / "encoders"]
        threads = self._workspace.settings.threads
        runtime = build.load(spec, found, print_, precision, homes, threads)
        LOG.info("encoder '%s' %s from %s", spec.name, precision, found.source)
        return Encoder(
            spec,
            runtime,
            print_,
            name=spec.name if precision == "fp32" else f"{spec.name}:{precision}",
            cache=self._workspace.use(Cache) if cached else None,
        )

    def _hashed(self, notice: str) -> "Encoder":
        from millrace.services.encoder import hashed
        from millrace.services.encoder.encoder import Encoder

        spec = SPECS[HASHED]
        # Hashing costs about what a look-up does, so these vectors are not cached.
        print_ = digest({"hashed": hashed.VERSION, "dim": spec.dim})
        return Encoder(spec, hashed.Hashed(spec.dim), print_, notice=notice)
