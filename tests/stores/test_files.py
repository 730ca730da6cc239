"""Objects, cache and models."""

from pathlib import Path

import pytest

from millrace.core import clock
from millrace.core.context import Context
from millrace.core.errors import InvalidInput, NotFound, Unavailable
from millrace.core.workspace import Workspace
from millrace.stores.cache import Cache, Redis, Sqlite
from millrace.stores.models import Models
from millrace.stores.objects import Objects


def test_equal_bytes_are_kept_once(ctx: Context) -> None:
    store = ctx.use(Objects)
    assert store.put_bytes(b"abc") == store.put_bytes(b"abc")
    assert store.get_bytes(store.put_bytes(b"abc")) == b"abc"
    with pytest.raises(NotFound, match="no stored file"):
        store.get_bytes("0" * 64)


def test_damage_is_noticed(ctx: Context) -> None:
    store = ctx.use(Objects)
    name = store.put_bytes(b"abc")
    Path(store.root, name[:2], name).write_bytes(b"abd")
    with pytest.raises(Unavailable, match="damaged"):
        store.get_bytes(name)


def test_links_are_not_stored(ctx: Context, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "link").symlink_to("/etc/passwd")
    with pytest.raises(InvalidInput, match="not a plain file"):
        ctx.use(Objects).put_folder(folder)


def test_a_model_is_an_mlflow_model_version(ctx: Context, tmp_path: Path) -> None:
    from mlflow import MlflowClient

    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "manifest.json").write_text("{}", encoding="utf-8")
    models = ctx.use(Models)
    in_job = ctx.but(job=None)
    first = models.save(in_job, "intent", folder, {"metrics": {"accuracy": 0.9}})
    models.save(in_job, "intent", folder, {"metrics": {"accuracy": 0.95}})
    assert first == "model:intent@1"
    assert (models.load_folder("intent@1") / "manifest.json").read_text("utf-8") == "{}"
    uri = f"sqlite:///{ctx.workspace.root / 'mlflow.db'}"
    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    found = client.search_model_versions("name='intent'")
    assert sorted(v.tags["millrace.ref"] for v in found) == ["model:intent@1", "model:intent@2"]
    run = client.get_run(found[0].run_id)
    assert run.data.metrics["accuracy"] == 0.95


def test_a_cache_entry_lives_as_long_as_it_should(ctx: Context) -> None:
    cache = ctx.use(Cache)
    cache.put("x", "k", b"v", ttl=10)
    cache.put("embedding", "k", b"for ever")
    assert cache.get("x", "k") == b"v"
    clock.shift(11)
    try:
        assert cache.get("x", "k") is None
        assert cache.get("embedding", "k") == b"for ever"
    finally:
        clock.shift(-11)


def test_a_tag_drops_what_carries_it(ctx: Context) -> None:
    cache = ctx.use(Cache)
    cache.put_many("x", {"a": b"1", "b": b"2"}, tags=["model:intent@1"])
    cache.put("x", "c", b"3")
    assert cache.drop("model:intent@1") == 2
    assert cache.get_many("x", ["a", "b", "c"]) == {"c": b"3"}


def test_processes_share_the_cache_file(tmp_path: Path) -> None:
    first, second = Sqlite(tmp_path / "c.db"), Sqlite(tmp_path / "c.db")
    first.put_many("x", {str(n): b"v" for n in range(2000)}, None, ())
    assert len(second.get_many("x", [str(n) for n in range(2500)])) == 2000
    first.close()
    second.close()


def test_what_another_process_put_is_seen_at_once_or_in_a_minute(tmp_path: Path) -> None:
    first, second = (Cache([Sqlite(tmp_path / "c.db")]) for _ in range(2))
    first.put("x", "k", b"old", ttl=86_400)
    second.put("x", "k", b"new", ttl=86_400)
    assert first.get("x", "k") == b"old"
    assert first.get("x", "k", fresh=True) == b"new"
    second.put("x", "k", b"newer", ttl=86_400)
    clock.shift(61)
    try:
        assert first.get("x", "k") == b"newer"
    finally:
        clock.shift(-61)
        first.close()
        second.close()


def test_redis_is_a_tier(tmp_path: Path, redis_url: str) -> None:
    flags = {"redis": redis_url, "durability": "normal"}
    with Workspace.open(tmp_path / "one", flags) as one:
        one.use(Cache).put("shared", "key", b"value", ttl=60, tags=["t"])
    with Workspace.open(tmp_path / "two", flags) as two:
        assert two.use(Cache).get("shared", "key") == b"value"
        assert two.use(Cache).drop("t") == 1
        assert two.use(Cache).get("shared", "key") is None


def test_a_redis_that_is_gone_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="Redis did not answer"):
        Redis("redis://127.0.0.1:1/0").get_many("x", ["a"])
