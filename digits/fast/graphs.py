"""The gradients of a step as one CUDA graph, which the processor starts by one call.

On a GPU, small networks wait for the processor, which starts some hundred kernels a step, each by itself. They are
recorded once an epoch, and then started together. They are the same kernels, so the result is the same.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import LambdaCallback
from torch import Tensor, nn

from digits.data.dataset import Batch

WARM_UP = 2  # steps of a shape that are not recorded, in which libraries choose and load their kernels
KNOWN = ("digits", "lightning", "torch", "torchmetrics")  # packages whose layers and callbacks do the same in each step


class Recording(NamedTuple):
    """A graph, what it reads, and what it leaves behind."""

    graph: torch.cuda.CUDAGraph
    batch: Batch
    outputs: dict[str, Any]
    gradients: list[tuple[nn.Parameter, Tensor]]


class StepGraphs:
    """Computes the gradients of the batches of an epoch, by a graph from the third of a shape on.

    The next epoch needs another: its scores are added to other tensors.

    Args:
        network: its parameters get the gradients.
        compute: takes a batch and its number, sets the gradients, and returns what callbacks are told.
    """

    def __init__(self, network: nn.Module, compute: Callable[[Batch, int], dict[str, Any]]) -> None:
        self.network = network
        self.compute = compute
        self.seen: Counter[torch.Size] = Counter()
        self.recordings: dict[torch.Size, Recording] = {}
        self.fails = False

    def __call__(self, batch: Any, batch_idx: int) -> dict[str, Any]:
        """As `compute`."""
        if self.fails or not is_plain(batch):
            return self.compute(batch, batch_idx)
        shape = batch.images.shape
        if shape not in self.recordings:
            self.seen[shape] += 1
            if self.seen[shape] <= WARM_UP:
                return self.compute(batch, batch_idx)
            try:
                self.recordings[shape] = self.record(batch, batch_idx)
            except RuntimeError:  # something in a step can't be recorded
                self.fails = True
                return self.compute(batch, batch_idx)
        recording = self.recordings[shape]
        recording.batch.images.copy_(batch.images)
        recording.batch.labels.copy_(batch.labels)
        recording.graph.replay()
        for parameter, gradient in recording.gradients:
            parameter.grad = gradient
        return {name: value.clone() for name, value in recording.outputs.items()}

    def record(self, batch: Batch, batch_idx: int) -> Recording:
        """Record what `compute` does, which is not done by it."""
        batch = Batch(batch.images.clone(), batch.labels.clone(), batch.indices)
        graph, stream = torch.cuda.CUDAGraph(), torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            graph.capture_begin(capture_error_mode="thread_local")  # loggers have threads, which may go on
            try:
                outputs = self.compute(batch, batch_idx)
            finally:
                graph.capture_end()
        torch.cuda.current_stream().wait_stream(stream)
        gradients = [(one, one.grad) for one in self.network.parameters() if one.grad is not None]
        return Recording(graph, batch, outputs, gradients)


def is_plain(batch: Any) -> bool:
    """Whether all batches of its shape are computed alike: without non-digits, whose number differs, or teachers."""
    return isinstance(batch, Batch) and batch.soft_labels is None and not batch.has_non_digits


def is_recordable(trainer: Trainer, module: LightningModule) -> bool:
    """Whether a GPU does the same with each batch of an epoch, and no code of a user's takes part in it."""
    callbacks: list[Callback] = trainer.callbacks  # type: ignore[attr-defined]
    parts = list(module.modules())
    return (
        module.device.type == "cuda"
        and all(type(one).__module__.partition(".")[0] in KNOWN for one in (*parts, *callbacks))
        and not any(isinstance(one, LambdaCallback) for one in callbacks)
        and not any(has_hooks(one) for one in parts)
        and not any(one._backward_hooks for one in module.parameters())
        and not torch.is_anomaly_enabled()
    )


def has_hooks(part: nn.Module) -> bool:
    """Whether something is called when a part of a network is, or it has been compiled."""
    hooks = (part._forward_hooks, part._forward_pre_hooks, part._backward_hooks, part._backward_pre_hooks)
    return any(hooks) or getattr(part, "_compiled_call_impl", None) is not None
