"""Check LightGBM's text format before LightGBM sees it.

Its parser trusts what it reads: an index out of range or a list cut short ends the whole
process (SIGABRT or SIGSEGV, LightGBM 4.7). What passes here has the shape that LightGBM writes.
"""

import math
import re
from pathlib import Path

from millrace.core.errors import InvalidInput

HEADER = frozenset(
    {
        "version", "num_class", "num_tree_per_iteration", "label_index", "max_feature_idx",
        "objective", "feature_names", "feature_infos", "tree_sizes", "monotone_constraints",
    }
)  # fmt: skip
INNER = ("split_feature", "threshold", "decision_type", "left_child", "right_child")
INNER_FIGURES = ("split_gain", "internal_value", "internal_weight", "internal_count")
LEAF_FIGURES = ("leaf_weight", "leaf_count")
CATEGORIES = ("cat_boundaries", "cat_threshold")
ORDER = (
    "num_leaves", "num_cat", "split_feature", "split_gain", "threshold", "decision_type",
    "left_child", "right_child", "leaf_value", "leaf_weight", "leaf_count", "internal_value",
    "internal_weight", "internal_count", *CATEGORIES, "is_linear", "shrinkage",
)  # fmt: skip
OBJECTIVES = frozenset(
    {"regression", "regression_l1", "huber", "quantile", "poisson", "binary", "multiclass"}
)
SETTING = re.compile(r"sqrt|[a-z_]{1,30}:[0-9.eE+-]{1,30}")
INTEGER = re.compile(r"-?[0-9]{1,10}")
FLOAT = re.compile(r"-?(inf|[0-9][0-9.eE+-]{0,40})")


class Damaged(ValueError):
    """What is wrong with the text."""


def check(path: Path, classes: int) -> None:
    """Refuse a LightGBM file that LightGBM could not have written.

    Cost: one pass; about a second for 10 MB.
    Errors: invalid_input, damaged, or for another number of classes.
    """
    try:
        _check(path.read_bytes(), classes)
    except ValueError as error:
        why = str(error) if isinstance(error, Damaged) else "it is not text"
        raise InvalidInput(
            f"The model file '{path.name}' is damaged: {why}.", "Export the model again."
        ) from error


def _check(data: bytes, classes: int) -> None:
    if b"\0" in data:
        raise Damaged("it is not text")
    head, found, _ = data.partition(b"\n\n")
    lines = head.decode().split("\n")
    if not found or lines[0] != "tree":
        raise Damaged("it does not begin as a LightGBM model")
    header = _pairs([line for line in lines[1:] if line != "average_output"], HEADER)
    features = _head(header, classes)
    at = len(head) + 2 + (data[len(head) + 2 :].startswith(b"\n"))
    for number, size in enumerate(_integers(header, "tree_sizes")):
        block = data[at : at + size].decode()
        first, _, rest = block.partition("\n")
        if size < 1 or first != f"Tree={number}":
            raise Damaged(f"tree {number} is not where it should be")
        _tree(_pairs(rest.rstrip("\n").split("\n"), frozenset(ORDER)), features)
        at += size
    rest = data[at:].decode()
    if not rest.startswith("end of trees\n") or "\nTree=" in rest:
        raise Damaged("its trees do not end where they should")
    if re.search(r"^pandas_categorical:(?!null$)", rest, re.MULTILINE):
        raise Damaged("it holds categories of another library")


def _head(header: dict[str, str], classes: int) -> int:
    """Check the header; return the number of features."""
    outputs = classes if classes > 2 else 1
    per, features = _one(header, "num_tree_per_iteration"), _one(header, "max_feature_idx") + 1
    if _one(header, "num_class") != outputs or per != outputs:
        raise Damaged(f"it does not answer for {max(classes, 1)} classes")
    name, *settings = header.get("objective", "").split(" ")
    right = [s for s in settings if s.startswith("num_class:") and s != f"num_class:{outputs}"]
    if name not in OBJECTIVES or right or not all(SETTING.fullmatch(s) for s in settings):
        raise Damaged("its objective is not known")
    if features < 1 or any(
        len(header.get(key, "").split(" ")) != features
        for key in ("feature_names", "feature_infos")
    ):
        raise Damaged("its features are not counted right")
    if len(_integers(header, "tree_sizes")) % per:
        raise Damaged("trees are missing")
    return features


def _tree(tree: dict[str, str], features: int) -> None:
    leaves, categories = _one(tree, "num_leaves"), _one(tree, "num_cat")
    # LightGBM stops reading a tree at the first line it did not expect, and then aborts.
    if list(tree) != [key for key in ORDER if categories or key not in CATEGORIES]:
        raise Damaged("a tree has lines out of order")
    if leaves < 1 or tree.get("is_linear", "0") != "0":
        raise Damaged("a tree is of a kind that is not read")
    inner = {key: _integers(tree, key) for key in INNER if key != "threshold"}
    thresholds = _floats(tree, "threshold")
    figures = {key: _floats(tree, key) for key in (*INNER_FIGURES, *LEAF_FIGURES, "shrinkage")}
    lengths = {len(found) for found in (*inner.values(), thresholds)}
    values = _floats(tree, "leaf_value")
    if lengths != {leaves - 1} or len(values) != leaves:
        raise Damaged("a tree has lists of the wrong length")
    for key, wanted in ((INNER_FIGURES, leaves - 1), (LEAF_FIGURES, leaves)):
        if any(len(figures[name]) not in {0, wanted} for name in key):
            raise Damaged("a tree has lists of the wrong length")
    if leaves > 1 and any(not figures[name] for name in (*INNER_FIGURES, *LEAF_FIGURES)):
        raise Damaged("a tree lacks figures")
    if not all(math.isfinite(value) for value in values):
        raise Damaged("a leaf has no finite value")
    if not all(0 <= feature < features for feature in inner["split_feature"]):
        raise Damaged("a tree splits a feature that is not there")
    _children(inner["left_child"], inner["right_child"], leaves)
    _categories(tree, inner["decision_type"], thresholds, categories)


def _children(left: list[int], right: list[int], leaves: int) -> None:
    """Each node and leaf but the root stands below exactly one earlier node."""
    for at, child in [*enumerate(left), *enumerate(right)]:
        if child >= 0 and child <= at:
            raise Damaged("a tree runs in a circle")
    wanted = [*range(-leaves, 0), *range(1, leaves - 1)]
    if leaves > 1 and sorted([*left, *right]) != wanted:
        raise Damaged("a tree has loose branches")


def _categories(
    tree: dict[str, str], decisions: list[int], thresholds: list[float], categories: int
) -> None:
    if not all(0 <= decision <= 15 for decision in decisions):
        raise Damaged("a tree decides in an unknown way")
    places = [value for value, how in zip(thresholds, decisions, strict=True) if how & 1]
    if not all(value.is_integer() and 0 <= value < categories for value in places):
        raise Damaged("a tree names categories that are not there")
    bounds, bits = _integers(tree, "cat_boundaries"), _integers(tree, "cat_threshold")
    wanted = categories + 1 if categories else 0
    if categories < 0 or len(bounds) != wanted or bounds != sorted(bounds):
        raise Damaged("a tree names categories that are not there")
    if categories and (bounds[0] != 0 or bounds[-1] != len(bits) or min(bits, default=-1) < 0):
        raise Damaged("a tree names categories that are not there")
    if any(math.isnan(value) for value in thresholds) or max(bits, default=0) >= 2**32:
        raise Damaged("a tree splits where no number is")


def _pairs(lines: list[str], known: frozenset[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        key, mark, value = line.partition("=")
        if not mark or key not in known or key in found:
            raise Damaged(f"the line '{line[:40]!a}' has no business there")
        found[key] = value
    return found


def _one(pairs: dict[str, str], key: str) -> int:
    found = _integers(pairs, key)
    if len(found) != 1:
        raise Damaged(f"'{key}' is not one number")
    return found[0]


def _integers(pairs: dict[str, str], key: str) -> list[int]:
    parts = pairs.get(key, "").split(" ") if pairs.get(key) else []
    if not all(INTEGER.fullmatch(part) for part in parts):
        raise Damaged(f"'{key}' does not hold whole numbers")
    return [int(part) for part in parts]


def _floats(pairs: dict[str, str], key: str) -> list[float]:
    parts = pairs.get(key, "").split(" ") if pairs.get(key) else []
    if not all(FLOAT.fullmatch(part) for part in parts):
        raise Damaged(f"'{key}' does not hold numbers")
    try:
        return [float(part) for part in parts]
    except ValueError as error:
        raise Damaged(f"'{key}' does not hold numbers") from error
