"""Settings: file < environment < flags, each with its source."""

from pathlib import Path

import pytest

from millrace.core.errors import InvalidInput
from millrace.core.settings import FILE, PREFIX, Settings, resolve


@pytest.fixture(autouse=True)
def _no_settings_around(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(PREFIX + name.upper(), raising=False)


def test_later_layers_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / FILE).write_text('project = "file"\nthreads = 3\nport = 1', encoding="utf-8")
    monkeypatch.setenv("MILLRACE_PROJECT", "environment")
    monkeypatch.setenv("MILLRACE_PORT", "2")
    found = resolve(tmp_path, {"port": 3, "seed": None})
    assert (found.settings.threads, found.sources["threads"]) == (3, str(tmp_path / FILE))
    assert (found.settings.project, found.sources["project"]) == ("environment", "MILLRACE_PROJECT")
    assert (found.settings.port, found.sources["port"]) == (3, "flag")
    assert (found.settings.seed, found.sources["seed"]) == (0, "default")
    assert set(found.sources) == set(Settings.model_fields)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nope = 1", "Setting 'nope' in .* is unknown"),
        ("threads = 0", "Setting 'threads' from .* is not valid"),
        ("threads = ", "is not valid TOML"),
        ('durability = "perhaps"', "Setting 'durability' from .* is not valid"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput, match=said) as caught:
        resolve(tmp_path)
    assert caught.value.hint


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidInput, match="is not valid TOML"):
        resolve(tmp_path)


def test_a_wrong_environment_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLRACE_WORKERS", "many")
    with pytest.raises(InvalidInput, match="Setting 'workers' from MILLRACE_WORKERS") as caught:
        resolve(tmp_path)
    assert caught.value.facts == {"field": "workers"}


def test_queues_are_json_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MILLRACE_QUEUES", '{"training": {"per_worker": 1}}')
    assert resolve(tmp_path).settings.queues["training"].per_worker == 1
    monkeypatch.setenv("MILLRACE_QUEUES", "training=1")
    with pytest.raises(InvalidInput, match="MILLRACE_QUEUES is not JSON"):
        resolve(tmp_path)


def test_every_setting_is_described() -> None:
    assert all(info.description for info in Settings.model_fields.values())
