"""A hand-written training loop, with the networks, the batches and the optimizations of `digits fit`.

It is the lower bound: the difference is the cost of Lightning, logging and checkpoints. With fewer optimizations, it
shows what each of them is worth (`benchmarks.optimizations`).

python -m benchmarks.baselines.loop NETWORK --epochs 4 --batch_size 200 --optimizations memory "channels last"

On a GPU (`--device cuda`), all images lie there from the beginning.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Collection
from contextlib import nullcontext

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.baselines import OPTIMIZATIONS
from digits import models
from digits.data import MNISTDataModule
from digits.fast.layers import use_fast_layers
from digits.fast.process import keep_freed_memory, look_for_gpus_once, use_channels_last
from digits.transforms import normalize

NETWORKS: dict[str, Callable[[], models.Classifier]] = {
    "mlp": models.MLP,
    "dense": lambda: models.MLP([128, 128]),
    "small_cnn": models.SmallCNN,
    "large_cnn": models.LargeCNN,
}


def network(name: str, optimizations: Collection[str] = OPTIMIZATIONS) -> nn.Sequential:
    """The layers of network `name`, those that are asked for by the fast classes of `digits.fast.layers`."""
    layers = NETWORKS[name]().layers
    for kind, optimization in ((nn.Dropout, "dropout"), (nn.MaxPool2d, "max pooling")):
        for layer in layers:
            if isinstance(layer, kind) and optimization in optimizations:
                use_fast_layers(layer)
    return layers


def train(
    layers: nn.Sequential, data: MNISTDataModule, epochs: int, batch_size: int, bf16: bool, device: str = "cpu"
) -> dict[str, float]:
    """Train for some epochs, scoring the validation images after each.

    Returns:
        The median milliseconds of a step, as the processor sees it, and the median seconds of training in an epoch but
        the first.
    """
    layers.to(device)
    optimizer = torch.optim.AdamW(layers.parameters(), lr=2e-3, fused=True)
    steps = -(-len(data.train) // batch_size)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps * epochs)
    seconds, epoch_seconds = [], []

    def logits(images: Tensor) -> Tensor:
        with torch.autocast(device, torch.bfloat16) if bf16 else nullcontext():
            return layers(normalize(images, data.mean, data.std))

    training = data.train.first(len(data.train))
    all_images, all_labels = training.images.to(device), training.labels.to(device)
    val_images, val_labels = data.val.images.to(device), data.val.labels.to(device)
    for _ in range(epochs):
        epoch_start = time.perf_counter()
        for indices in torch.randperm(len(training), device=device).split(batch_size):
            start = time.perf_counter()
            images, labels = all_images[indices], all_labels[indices]
            loss = F.cross_entropy(logits(images).float(), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            seconds.append(time.perf_counter() - start)
        if device == "cuda":
            torch.cuda.synchronize()
        epoch_seconds.append(time.perf_counter() - epoch_start)
        layers.eval()
        with torch.inference_mode():
            pairs = zip(val_images.split(1000), val_labels.split(1000), strict=True)
            sum(int((logits(images).argmax(dim=1) == labels).sum()) for images, labels in pairs)
        layers.train()
        print("end of epoch", flush=True)
    return {
        "milliseconds per step": round(1000 * statistics.median(seconds), 2),
        "seconds per epoch": round(statistics.median(epoch_seconds[1:] or epoch_seconds), 3),
    }


def main() -> None:
    """Train."""
    parser = argparse.ArgumentParser()
    parser.add_argument("network", choices=NETWORKS)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--batch_size", type=int, default=200)
    parser.add_argument("--optimizations", nargs="*", choices=OPTIMIZATIONS, default=OPTIMIZATIONS)
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    args = parser.parse_args()
    look_for_gpus_once()  # it is Lightning, which `digits` imports, that would make this slow
    if "memory" in args.optimizations:
        keep_freed_memory()
    data = MNISTDataModule()
    data.setup("fit")
    layers = network(args.network, args.optimizations)
    if "channels last" in args.optimizations:
        use_channels_last(layers)
    print(json.dumps(train(layers, data, args.epochs, args.batch_size, "bf16" in args.optimizations, args.device)))


if __name__ == "__main__":
    main()
