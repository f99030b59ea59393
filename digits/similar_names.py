"""The name that is meant by a misspelt one, or by what other programs call a command or an option."""

from collections.abc import Iterable
from difflib import get_close_matches

COMMAND_SYNONYMS = {
    "train": "fit",
    "finetune": "fit",
    "eval": "test",
    "evaluate": "test",
    "score": "test",
    "val": "validate",
    "infer": "predict",
    "read": "predict",
    "recognize": "predict",
    "convert": "export",
    "draw": "demo",
    "serve": "demo",
    "runs": "list",
}
OPTION_SYNONYMS = {  # the last part of their names
    "batch": "batch_size",
    "checkpoint": "ckpt_path",
    "device": "accelerator",
    "epochs": "max_epochs",
    "gpus": "devices",
    "learning_rate": "lr",
    "nepochs": "max_epochs",
    "num_epochs": "max_epochs",
    "resume": "ckpt_path",
    "seed": "seed_everything",
    "wd": "weight_decay",
    "weights": "ckpt_path",
    "workers": "num_workers",
}


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of an error that suggests one of the known words; empty where none is similar.

    An option is also known by the last part of its name, `--lr` for `--model.lr`; options and commands, by what other
    programs call them, too.
    """
    names, asked, meant = {plain(name): name for name in known}, plain(word), []
    if word.startswith("-"):
        last = asked.rpartition(".")[2]
        last = OPTION_SYNONYMS.get(last, last)
        meant = [name for name in names.values() if plain(name).rpartition(".")[2] == last]
    else:
        names |= {other: name for other, name in COMMAND_SYNONYMS.items() if name in names}
    similar = meant or [names[name] for name in get_close_matches(asked, names) if is_similar(asked, name)]
    return f": did you mean {similar[0]}?" if similar else ""


def plain(name: str) -> str:
    """A name as it is compared: `--help-all` and `--Help_all` are the same."""
    return name.lower().lstrip("-").replace("-", "_")


def is_similar(option: str, other: str) -> bool:
    """Whether the last parts of two names are: `model.lr` and `model.colour` have only their group in common."""
    return bool(get_close_matches(option.rpartition(".")[2], [other.rpartition(".")[2]]))
