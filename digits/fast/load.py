"""FollowLoad: trains with one thread while other programs keep the cores busy, where that changes no bit.

The threads of a step wait for each other hundreds of times. Beside another busy program one of them is often not
running, and the others wait until the system lets it run: milliseconds each time. `python -m benchmarks.busy` measures
it. One thread waits for nobody.
"""

import math
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor
from torch.func import functional_call

from digits.classifier import Classifier
from digits.console import fill, say
from digits.data import DigitsDataModule
from digits.data.dataset import Batch

WINDOW = 0.2  # seconds over which steps are averaged
SLOWER = 1.5  # times the usual time of a step, at which the other number of threads is tried
PAUSE, LONGEST_PAUSE = 2.0, 16.0  # seconds from one try to the next, twice as many after each that failed
COST = 10  # times as long as one slow step took, at least, until the next try
MARGIN = 0.95  # of the time that the present number of threads takes, which the other must not exceed
CLEAR = 0.8  # of the time that one thread takes, below which all threads are certainly faster
WORTH_TELLING = 1.5
HOPELESS = 20  # times as slow as with one thread, at which a first step says enough

# What a network is trained by; one that has another is left alone.
STANDARD_STEPS = ("training_step", "validation_step", "configure_optimizers", "forward", "eval_logits", "backward")


class Trial(NamedTuple):
    """A step with all threads and with one: seconds of each, and whether they give the same bits."""

    all_threads: float
    one_thread: float
    same: bool


class FollowLoad(Callback):
    """Measure now and then what a step takes with all threads and with one, and go on with the faster.

    Only where both give the same bits, tried for each shape of a batch, so that a run's result does not depend on what
    else runs. Elsewhere the user is told what would help. What is tried changes neither the network nor what is random.

    Args:
        silent: tell nothing.
    """

    def __init__(self, silent: bool = False) -> None:
        self.silent = silent
        self.threads = torch.get_num_threads()

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        self.active = (
            stage == "fit"
            and self.threads > 1
            and trainer.world_size == 1
            and trainer.strategy.root_device.type == "cpu"
            and isinstance(pl_module, Classifier)
            and all(getattr(type(pl_module), name) is getattr(Classifier, name) for name in STANDARD_STEPS)
            and any(weight.requires_grad for weight in pl_module.parameters())
        )
        self.uses_one = self.has_told = False
        self.follows: bool | None = None  # None before the first trial
        self.same: dict[tuple[int, ...], bool] = {}  # by the shape of a batch, and of the shape of one to validate on
        self.same_validation: dict[tuple[int, ...], bool] = {}
        self.seconds: dict[bool, float] = {}  # of a step when last measured, by whether with one thread
        self.usual = math.inf  # seconds of a step with all threads: the least since they are used
        self.next_try, self.pause = 0.0, PAUSE
        self.restart_window()

    def restart_window(self) -> None:
        self.steps, self.since = 0, time.perf_counter()

    def may_follow(self, trainer: Trainer) -> bool:
        """Whether a training step does nothing but what a trial compares: no augmentation, no clipping."""
        data = trainer.datamodule  # type: ignore[attr-defined]
        return isinstance(data, DigitsDataModule) and not data.augments and trainer.gradient_clip_val is None

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        if not self.active or not isinstance(batch, Batch):  # but of a custom loader
            return
        if self.follows is None:
            self.try_both(trainer, pl_module, batch[0])
        if self.uses_one:
            self.use_one(self.same, batch[0], step_of(trainer, pl_module, batch[0]))
        else:
            torch.set_num_threads(self.threads)

    def use_one(self, same: dict[tuple[int, ...], bool], images: Tensor, step: Callable[[], list[Tensor]]) -> None:
        """Compute with one thread, if a step of images of this shape then gives the same bits; `same` keeps whether."""
        shape = tuple(images.shape)
        if shape not in same:
            same[shape] = gives_same(step, self.threads)
        torch.set_num_threads(1 if same[shape] else self.threads)

    def on_train_batch_end(self, *args: Any) -> None:
        if not self.active:
            return
        self.steps += 1
        now = time.perf_counter()
        if now - self.since < WINDOW * (1 if self.steps >= 3 else 5):
            return
        seconds = (now - self.since) / self.steps
        self.restart_window()
        if self.follows and self.is_to_change(seconds, now):
            self.uses_one = not self.uses_one
            self.next_try, self.usual = now + self.pause, math.inf
            self.tell_of_one_thread()
            return
        if not self.follows and seconds > SLOWER * self.usual and now >= self.next_try:
            self.follows = None  # a trial again, to tell the user
        self.usual = min(self.usual, seconds)

    def is_to_change(self, seconds: float, now: float) -> bool:
        """Whether the other number of threads is faster than `seconds` a step, or it is time to try whether it is."""
        self.seconds[self.uses_one] = seconds
        if self.seconds.get(not self.uses_one, math.inf) < MARGIN * seconds:  # when it was last measured
            self.pause = max(min(2 * self.pause, LONGEST_PAUSE), COST * seconds)
            return True
        return now >= self.next_try and (self.uses_one or seconds > SLOWER * self.usual)

    def on_train_epoch_start(self, *args: Any) -> None:
        self.restart_window()

    def on_validation_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        if not (self.active and self.uses_one and isinstance(batch, Batch)):
            return
        network: Any = pl_module  # a `Classifier`, see `setup`
        self.use_one(
            self.same_validation, batch[0], lambda: [network.full_precision_logits(network.normalize_images(batch[0]))]
        )

    def try_both(self, trainer: Trainer, module: LightningModule, images: Tensor) -> None:
        """Find out whether the number of threads may follow the load, and begin with the faster one."""
        found = trial(step_of(trainer, module, images), self.threads)
        self.same[tuple(images.shape)] = found.same
        slower = found.all_threads / found.one_thread
        self.follows = found.same and self.may_follow(trainer)
        if self.follows:
            self.uses_one = slower * MARGIN > 1
            self.usual = math.inf if slower < CLEAR else 0.0  # 0: both are measured longer
            self.tell_of_one_thread()
        else:
            self.tell(
                slower > WORTH_TELLING,
                f"A step takes {slower:.1f} times as long with {self.threads} threads as with one, as beside other "
                "busy programs: --threads 1, or torch.set_num_threads(1) in Python, is faster now (its results may "
                "differ in the last digits).",
            )
            self.active = not self.has_told  # nothing more can be done
            self.usual = math.inf
        torch.set_num_threads(self.threads)
        self.next_try = time.perf_counter() + (PAUSE if self.usual else 0)
        self.restart_window()

    def tell_of_one_thread(self) -> None:
        """Say why fewer threads compute, if they do."""
        self.tell(
            self.uses_one,
            "The processors are busy with other programs: training goes on with one thread while they are "
            "(the results are the same; --threads N sets a fixed number).",
        )

    def tell(self, worth_it: bool, message: str) -> None:
        """Print a message once."""
        if worth_it and not self.has_told and not self.silent:
            say(fill(message))
            self.has_told = True

    def on_train_end(self, *args: Any) -> None:
        torch.set_num_threads(self.threads)

    def on_exception(self, *args: Any) -> None:
        torch.set_num_threads(self.threads)


def step_of(trainer: Trainer, module: LightningModule, images: Tensor) -> Callable[[], list[Tensor]]:
    """A function that computes logits and gradients of a batch, (N, 1, 28, 28), and changes nothing."""

    def step() -> list[Tensor]:
        buffers = {name: buffer.clone() for name, buffer in module.named_buffers()}
        weights = [weight for weight in module.parameters() if weight.requires_grad]
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(0)
            with trainer.precision_plugin.train_step_context():
                logits = functional_call(module, buffers, (images,))
            loss = F.cross_entropy(logits.float(), torch.arange(len(images)) % logits.shape[1])
            gradients = torch.autograd.grad(loss, weights, allow_unused=True)
        return [logits.detach(), *(one for one in gradients if one is not None)]

    return step


def trial(step: Callable[[], list[Tensor]], threads: int) -> Trial:
    """Compute a step with one thread and with all of them."""
    results: list[list[Tensor]] = []
    seconds: list[float] = []
    for number in (1, threads):
        torch.set_num_threads(number)
        start = time.perf_counter()
        results.append(step())  # a first step makes ready what later ones use, and so counts only if it is very slow
        first = time.perf_counter() - start
        if seconds and first > HOPELESS * seconds[0]:
            seconds.append(first)
            break
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
        if seconds[-1] < SLOWER * seconds[0]:  # once more, as it is close
            step()
            seconds[-1] = (time.perf_counter() - start) / 2
    return Trial(seconds[1], seconds[0], all(map(torch.equal, *results)))


def gives_same(step: Callable[[], list[Tensor]], threads: int) -> bool:
    """Whether a step has the same bits with one thread and with all of them."""
    results = []
    for number in (1, threads):
        torch.set_num_threads(number)
        results.append(step())
    return all(map(torch.equal, *results))
