"""LightGBM files: what LightGBM writes passes, what would kill its reader does not."""

import re
import subprocess
import sys
from pathlib import Path
from random import Random

import lightgbm as lgb
import numpy as np
import pytest

from millrace.core.errors import InvalidInput
from millrace.model.engine import trees

Kind = tuple[int, bytes]


def grown(k: int, **more: object) -> bytes:
    random = np.random.default_rng(0)
    rows = random.normal(size=(200, 4))
    rows[:, 3] = random.integers(0, 40, 200)
    target = rows[:, 0] + rows[:, 3] % 7 if not k else random.integers(0, k, 200)
    asked: dict[str, object] = {
        "objective": "regression" if not k else "binary" if k == 2 else "multiclass",
        "verbosity": -1, "num_threads": 1, "num_leaves": 6, "min_data_in_leaf": 5,
        "min_data_per_group": 1, "cat_smooth": 1, **({"num_class": k} if k > 2 else {}), **more,
    }  # fmt: skip
    data = lgb.Dataset(rows, target, categorical_feature=[3])
    text = lgb.train(asked, data, 2).model_to_string()
    return lgb.Booster(model_str=text).model_to_string().encode()


@pytest.fixture(scope="module")
def good() -> list[Kind]:
    forest = {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5}
    return [(k, grown(k)) for k in (0, 2, 3)] + [(2, grown(2, **forest)), (0, grown(0, max_bin=3))]


def check(path: Path, k: int, data: bytes) -> bool:
    path.write_bytes(data)
    try:
        trees.check(path, k)
    except InvalidInput:
        return False
    return True


def test_what_lightgbm_writes_passes(good: list[Kind], tmp_path: Path) -> None:
    assert all(check(tmp_path / "m.txt", k, data) for k, data in good)
    assert any(b"num_cat=1" in data for _, data in good)
    stump = lgb.train({"verbosity": -1}, lgb.Dataset(np.zeros((50, 2)), np.ones(50)), 2)
    assert check(tmp_path / "m.txt", 0, stump.model_to_string().encode())


def test_another_number_of_classes_is_refused(good: list[Kind], tmp_path: Path) -> None:
    for k, data in good:
        assert not check(tmp_path / "m.txt", 3 if k != 3 else 4, data)


@pytest.mark.parametrize(
    "key",
    [
        "left_child", "right_child", "split_feature", "num_leaves", "num_cat", "cat_boundaries",
        "cat_threshold", "decision_type", "max_feature_idx", "num_class", "tree_sizes",
        "num_tree_per_iteration", "leaf_value", "threshold", "leaf_count", "feature_names",
    ],
)  # fmt: skip
@pytest.mark.parametrize("value", ["99999", "-99999", "", "x", "1 " * 50, "4294967297", "nan"])
def test_a_wrong_line_is_refused(good: list[Kind], tmp_path: Path, key: str, value: str) -> None:
    for k, data in (pair for pair in good if f"\n{key}=".encode() in pair[1]):
        wrong = re.sub(f"^{key}=.*$".encode(), f"{key}={value}".encode(), data, flags=re.M)
        assert not check(tmp_path / "m.txt", k, wrong), (k, key)


@pytest.mark.parametrize(
    "data", [b"", b"tree", b"tree\n\n", b"\x80\x04cos\nsystem\n.", b"\xff" * 99, b"tree\0\n\n"]
)
def test_what_is_no_model_is_refused(tmp_path: Path, data: bytes) -> None:
    assert not check(tmp_path / "m.txt", 0, data)


READ = """
import pathlib, sys
import lightgbm as lgb
import numpy as np
for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    print(path.name, flush=True)
    try:
        lgb.Booster(model_file=path).predict(np.ones((2, 4)), num_threads=1)
    except lgb.basic.LightGBMError:
        pass
"""


def changed(random: Random, data: bytes) -> bytes:
    """Swap two lines, or write something else in the place of a digit."""
    end = data.index(b"end of trees")
    lines = data[:end].split(b"\n")
    at, other = random.randrange(len(lines)), random.randrange(len(lines))
    found = list(re.finditer(rb"-?\d", lines[at]))
    if random.random() < 0.5 or not found:
        lines[at], lines[other] = lines[other], lines[at]
    else:
        place = random.choice(found)
        new = random.choice([b"0", b"1", b"9", b"-1", b"99", b" ", b""])
        lines[at] = lines[at][: place.start()] + new + lines[at][place.end() :]
    return b"\n".join(lines) + data[end:]


@pytest.mark.slow
def test_whatever_passes_does_not_kill_lightgbm(good: list[Kind], tmp_path: Path) -> None:
    random, passed, refused = Random(0), tmp_path / "passed", 0
    passed.mkdir()
    for at in range(400):
        k, data = random.choice(good)
        if not check(passed / f"{at}.txt", k, changed(random, data)):
            (passed / f"{at}.txt").unlink()
            refused += 1
    assert 0 < refused < 400
    asked = [sys.executable, "-c", READ, str(passed)]
    read = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert read.returncode == 0, read.stdout[-200:]
