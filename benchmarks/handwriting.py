"""How much of a person's digits a network reads right before and after `digits fit --init_from`, on half of them.

    python -m benchmarks.handwriting --pictures FOLDER --ckpt_path pretrained large_cnn.ckpt

FOLDER holds a folder of pictures for each person, whose names begin with their label. Half of a person's pictures are
trained on and the others scored, in several splits. MNIST's test images are scored by the networks of the first split;
nothing is selected on them. `--foreign FOLDER` has NumPy files, as for `benchmarks.reading`: of each, 100 images are
trained on, and at most 1,000 others scored.
"""

import logging
import statistics
import time
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import numpy as np
import torch
from lightning.pytorch.callbacks import EMAWeightAveraging
from PIL import Image
from torch import Tensor

from benchmarks.record import earlier, make_parser, report
from digits.callbacks.before_after import count_right, train
from digits.checkpoint import Checkpoint
from digits.classifier import Classifier
from digits.commands.label_errors import InMemory
from digits.console import quiet
from digits.data import Digits, ImageDataModule, MixedDataModule, MNISTDataModule
from digits.data.pictures import load_one
from digits.fast.process import fastest_precision
from digits.network import Network
from digits.options.init_from import AUGMENTATION, BATCH_SIZE, DECAY, EPOCHS, LR, MNIST_SHARE
from digits.runs import find_checkpoint

LEARNT, SCORED = 100, 1000  # images of a foreign set


def main(args: list[str] | None = None) -> None:
    """Measure, and report."""
    parser = make_parser(__doc__)
    parser.add_argument("--pictures", type=Path, help="a folder of pictures for each person")
    parser.add_argument("--foreign", type=Path, help="NumPy files with images and labels")
    parser.add_argument("--ckpt_path", nargs="+", default=["pretrained"], help="networks to start from")
    parser.add_argument("--splits", type=int, default=3, help="of each person's pictures")
    options = parser.parse_args(args)
    quiet()
    logging.getLogger("lightning.fabric").setLevel(logging.WARNING)
    figures: dict[str, Any] = earlier("handwriting", options.record)
    for source in options.ckpt_path:
        name = "pretrained" if source == "pretrained" else Path(source).stem
        known = figures.setdefault(name, {})
        if options.pictures is not None:
            known["people"] = measure(source, *people(options.pictures, options.splits))
        for path in sorted(options.foreign.glob("*.npz")) if options.foreign is not None else ():
            if (data := foreign(path)) is not None:
                known[path.stem] = measure(source, *data)
    report("handwriting", figures, options.record)


# Images, and for each network that is trained the indices of those to train on and of those to score.
Material = tuple[Digits, list[list[tuple[Tensor, Tensor]]]]


def people(folder: Path, splits: int) -> Material:
    """The pictures of all people, and halves of each person's, for each split."""
    data = ImageDataModule(str(folder)).load("train").labelled()
    names = np.array([Path(str(name)).parts[0] for name in data.ids])
    halves: list[list[tuple[Tensor, Tensor]]] = []
    for split in range(splits):
        generator = torch.Generator().manual_seed(split)
        halves.append([])
        for number, name in enumerate(sorted(set(names))):
            own = torch.from_numpy(np.flatnonzero(names == name))
            own = own[torch.randperm(len(own), generator=generator)]
            own = own[data.labels[own].argsort(stable=True)]  # of each class as many in both, give or take one
            first = (split + number) % 2
            if len(own) > 1:
                halves[-1].append((own[first::2], own[1 - first :: 2]))
    return data, halves


def foreign(path: Path) -> Material | None:
    """Images of other people, prepared like pictures; None where they have no labels."""
    content = np.load(path)
    if "labels" not in content:
        return None
    order = np.random.default_rng(0).permutation(len(content["images"]))[: LEARNT + SCORED]
    pictures = [Image.fromarray(image) for image in content["images"][order]]
    images, notes, _ = zip(*(load_one(picture)[0] for picture in pictures), strict=True)
    labels = torch.from_numpy(content["labels"][order].astype(np.int64))
    data = Digits(torch.from_numpy(np.stack(images)), labels, notes=notes).labelled()
    return data, [[(torch.arange(LEARNT), torch.arange(LEARNT, len(data)))]]


def measure(source: str, data: Digits, splits: list[list[tuple[Tensor, Tensor]]]) -> dict[str, Any]:
    """Errors before and after, of own images and of MNIST's test images."""
    checkpoint = Checkpoint.read(find_checkpoint(source))
    before = checkpoint.network()
    own = InMemory()
    own.data = data
    settings: dict[str, Any] = {**AUGMENTATION, "batch_size": BATCH_SIZE}
    mixed = MixedDataModule(own, MNIST_SHARE, held_out=0, **settings)
    mixed.setup("fit")
    mnist = MNISTDataModule()
    mnist.setup("test")
    scored = wrong_before = wrong_after = 0
    seconds, errors = [], []
    for number, split in enumerate(splits):
        for learnt, others in split:
            start = time.perf_counter()
            after = fine_tune(checkpoint, mixed, learnt)
            seconds.append(time.perf_counter() - start)
            images = data.subset(others)
            scored += len(images)
            wrong_before += len(images) - count_right(before, images)
            wrong_after += len(images) - count_right(after, images)
            if number == 0:
                errors.append(percent(after, mnist.test))
        print(f"{source}, {number + 1} of {len(splits)}: {wrong_before} → {wrong_after} of {scored}", flush=True)
    return {
        "images scored": scored,
        "errors before": wrong_before,
        "errors after": wrong_after,
        "MNIST test error in percent, before": percent(before, mnist.test),
        "MNIST test error in percent, after, mean": round(statistics.mean(errors), 3),
        "MNIST test error in percent, after, highest": max(errors),
        "seconds of training, median": round(statistics.median(seconds), 1),
    }


def fine_tune(checkpoint: Checkpoint, data: MixedDataModule, own: Tensor) -> Classifier:
    """A network that is trained as `fit --init_from` does it, on these of the own images."""
    network = resolve_name(checkpoint.class_path)(**{**checkpoint.hyper_parameters, "lr": LR})
    every = torch.arange(len(data.own_images))
    torch.manual_seed(0)
    return train(
        network,
        data.without(every[~torch.isin(every, own)]),
        str(checkpoint.path),
        [EMAWeightAveraging(decay=DECAY)],
        torch.device("cpu"),
        precision=fastest_precision("cpu"),
        max_epochs=EPOCHS,
    ).eval()


def percent(network: Network, images: Digits) -> float:
    """The error in percent."""
    return round(100 * (1 - count_right(network, images) / len(images)), 3)


if __name__ == "__main__":
    main()
