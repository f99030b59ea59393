"""The schema of a checkpoint: what its file may hold, checked before anything of it is used.

Sizes are bounded by the file's own, so that nothing is allocated for what the file merely claims.
"""

import math
import pickle
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from digits.errors import InputError
from digits.fingerprints import MOST

REQUIRED = ("class_path", "state_dict", "hyper_parameters")
VERSION = "pytorch-lightning_version"
# What `digits export` writes, by its format; only weights are a checkpoint.
Format = Literal["onnx", "torch-export", "weights", "web"]
SUFFIX: dict[Format, str] = {"onnx": ".onnx", "torch-export": ".pt2", "weights": ".ckpt", "web": ".html"}
Claim = tuple[str, bool, str]  # a field, whether it holds what it has to, and what that is
MOST_SETTINGS, MOST_CLASSES, LONGEST_NAME = 10_000, 1000, 40


def read_content(path: Path) -> dict[str, Any]:
    """What a checkpoint's file holds: plain values and tensors; damage is found by its checksums.

    Raises:
        InputError: the file is damaged, or no checkpoint.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            packed = any(one.compress_type != zipfile.ZIP_STORED for one in members)  # may be any size unpacked
            whole = not packed and len({one.filename for one in members}) == len(members) and archive.testzip() is None
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=True) if whole else None
    except pickle.UnpicklingError:
        raise InputError(
            f"{path} is no checkpoint: it holds objects of Python, which are not loaded, as that runs code"
        ) from None
    except Exception:  # zipfile and torch raise a dozen kinds, depending on where the damage is
        content = None
    if not isinstance(content, dict) and path.suffix.lower() in {*SUFFIX.values()} - {SUFFIX["weights"]}:
        raise InputError(f"{path} is an exported file, for other programs: give the checkpoint that it was made of")
    if not isinstance(content, dict):
        raise InputError(f"{path} is damaged or not a checkpoint")
    return content


def check_fields(path: Path, content: dict[str, Any], size: int, fault: str = "is broken or was altered") -> None:
    """Check every field of a checkpoint that is read later.

    Args:
        path: of its file, for messages.
        content: what it holds.
        size: of the file, in bytes.
        fault: what a message says of the file.

    Raises:
        InputError: one is missing, or has another type or value than `fit` writes; names it.
    """
    if not all(key in content for key in REQUIRED):
        raise InputError(f"{path} {what_else(content)}")

    def check(claims: Iterator[Claim]) -> None:
        for field, holds, wanted in claims:  # one by one, as each relies on those before it
            if not holds:
                raise InputError(f"{path} {fault}: {field} must be {wanted}")

    check(network_claims(content, size))
    if (name := first_not_finite(content)) is not None:
        raise InputError(f"{path}: {name} holds values that are not finite: the network is broken, train it anew")
    check(prediction_claims(content))
    check(training_claims(content))


def is_custom(content: dict[str, Any]) -> bool:
    """Whether the network is a custom one: it may hold complex numbers, and infinite ones, as masks do."""
    return not content["class_path"].startswith("digits.")


def network_claims(content: dict[str, Any], size: int) -> Iterator[Claim]:
    """What the class and the weights of a network have to be, in a file of so many bytes."""
    path, weights = content["class_path"], content["state_dict"]
    yield "class_path", is_text(path, 200) and all(map(str.isidentifier, path.split("."))), "a class"
    yield "state_dict", isinstance(weights, dict), "weights by name"
    for name, value in weights.items():
        yield "state_dict", is_text(name, 200), "weights by name"
        held = is_dense(value) and (is_custom(content) or not value.is_complex())
        yield f"{name} in state_dict", held, "a tensor whose values are all in the file"
    claimed = sum(value.numel() * value.element_size() for value in weights.values())
    yield "state_dict", claimed <= 2 * size, "no larger than the file"


def first_not_finite(content: dict[str, Any]) -> str | None:
    """The name of the first tensor with a value that is not finite, or, in a custom network, no number."""
    for name, value in content["state_dict"].items():
        if not (value.isnan().logical_not() if is_custom(content) else value.isfinite()).all():
            return name
    return None


def prediction_claims(content: dict[str, Any]) -> Iterator[Claim]:
    """What the fields have to be that predicting uses beside the network, and the settings that all was made with."""
    for field in ("hyper_parameters", "datamodule_hyper_parameters"):
        value = content.get(field, {})
        plain = isinstance(value, dict) and all(is_text(key, 100) for key in value)
        yield field, plain and count_values(value) <= MOST_SETTINGS, f"at most {MOST_SETTINGS} plain values by name"
    yield "temperature", is_number(content.get("temperature", 1.0), 0.01, 100), "a number from 0.01 to 100"
    yield "second_look", is_number(content.get("second_look", 0.0), 0, 1), "a number from 0 to 1"
    doubt = content.get("doubt", {})
    yield "doubt", isinstance(doubt, dict) and doubt.keys() <= {"unsure", "not_a_digit"}, "unsure and not_a_digit"
    yield "doubt", all(is_number(value, 0, 1) for value in doubt.values()), "numbers from 0 to 1"
    if (data := content.get("data")) is not None:
        yield "data", isinstance(data, dict) and {"mean", "std", "classes"} <= data.keys(), "mean, std and classes"
        yield "data.mean", is_number(data["mean"], 0, 1), "a number from 0 to 1"
        yield "data.std", is_number(data["std"], 1e-4, 1), "a number from 0.0001 to 1"
        names = data["classes"]
        listed = isinstance(names, list | tuple) and 1 <= len(names) <= MOST_CLASSES
        yield "data.classes", listed and all(map(is_class_name, names)), "names of classes, short plain text"
        yield "data.classes", len({*names}) == len(names), "names of classes, each once"


def training_claims(content: dict[str, Any]) -> Iterator[Claim]:
    """What the fields have to be that resuming uses, and those that Lightning reads in any case."""
    for field in ("global_step", "epoch"):
        value = content.get(field, 0)
        yield field, type(value) is int and 0 <= value < 1 << 53, "a whole number"
    version = content.get(VERSION, "2.0.0")  # by which Lightning brings the content of older files to its present form
    yield VERSION, is_text(version, 40) and bool(re.match(r"([2-9]|\d\d)\d*\.\d", version)), "2.0.0 or a later one"
    for field in ("callbacks", "loops", "train_scores", "events"):
        yield field, isinstance(content.get(field, {}), dict), "values by name"
    kinds = content.get("optimizers", [])
    yield "optimizers", isinstance(kinds, list) and all(is_text(one, 100) for one in kinds), "names of classes"
    ids = content.get("fingerprints", torch.empty(0, dtype=torch.int64))
    listed = is_dense(ids) and (ids.dtype, ids.ndim) == (torch.int64, 1) and len(ids) <= MOST
    yield "fingerprints", listed, f"at most {MOST} numbers"
    sums = content.get("train_scores", {}).values()
    yield "train_scores", all(isinstance(one, Tensor) and one.numel() == 1 for one in sums), "sums by name"
    for field in ("optimizer_states", "lr_schedulers"):
        value = content.get(field, [])
        yield field, isinstance(value, list) and all(isinstance(one, dict) for one in value), "a list of states"


def what_else(content: dict[str, Any]) -> str:
    """What a file of torch's holds that is no checkpoint of this package, and what to do with it."""
    if "state_dict" in content:
        what = "is a checkpoint of another program"
    elif content and all(isinstance(value, Tensor) for value in content.values()):
        what = "holds weights alone"
    else:
        return "is not a checkpoint of a digits model"
    return f"{what}, and does not name the class of its network: load its weights in Python (docs/lightning.md)"


def is_text(value: Any, longest: int) -> bool:
    """Whether this is a string of 1 to `longest` printable characters."""
    return isinstance(value, str) and 0 < len(value) <= longest and value.isprintable()


def is_class_name(value: Any) -> bool:
    """Whether this may be the name of a class: short, and no markup."""
    return is_text(value, LONGEST_NAME) and not re.search("[<>]", value)


def is_number(value: Any, low: float, high: float) -> bool:
    """Whether this is a finite number from `low` to `high`."""
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def is_dense(value: Any) -> bool:
    """Whether this is a tensor whose values are all in memory: it neither repeats any nor claims more than it has."""
    if not isinstance(value, Tensor) or value.is_nested or value.is_quantized:
        return False
    if value.layout is not torch.strided or value.device.type != "cpu":
        return False
    return value.numel() * value.element_size() <= value.untyped_storage().nbytes()


def count_values(value: Any, depth: int = 6) -> float:
    """How many plain values there are in nested lists and dictionaries; infinite if some are not plain."""
    if isinstance(value, dict | list | tuple):
        inner = [*value, *value.values()] if isinstance(value, dict) else value
        many = depth == 0 or len(inner) > MOST_SETTINGS
        return math.inf if many else 1 + sum(count_values(one, depth - 1) for one in inner)
    if isinstance(value, str):
        return 1 if len(value) <= 1000 else math.inf
    return 1 if value is None or isinstance(value, int | float | torch.dtype) else math.inf
