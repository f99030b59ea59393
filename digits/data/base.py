"""DigitsDataModule: what all sources of images share, the split, the loaders, augmenting and normalising."""

import math
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import torch
from lightning.pytorch import LightningDataModule, Trainer
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from digits.augment import broaden
from digits.data.batches import Batches, LoadedBatches, as_is, seed_device
from digits.data.custom_loaders import is_raw_pair
from digits.data.dataset import Batch, Digits, DigitsSubset, mean_and_std
from digits.data.split import check_trainable, stratified_split, usable
from digits.data.stream import Stream, StreamLoader
from digits.data.workers import AugmentedImages, SeededBatches, batch_seed
from digits.errors import MOST_SEED, InputError, check_number
from digits.network import DIGITS
from digits.transforms import augment, normalize


class DigitsDataModule(LightningDataModule):
    """Images in memory as uint8; normalised, and augmented in training, batch by batch on the device.

    A source of data subclasses this and says how to `load` its images: that is all it does. What it loads for testing
    is never trained or validated on.

    Args:
        batch_size: images per training step, on each device.
        val_size: training images held out to validate on; 0 trains on all of them.
        split_seed: decides which images those are.
        rotation: augmentation in training: rotate by up to this many degrees to either side.
        zoom: augmentation in training: change the size by up to this fraction.
        shift: augmentation in training: shift by up to this fraction of the image's width and height.
        shear: augmentation in training: slant by up to this much; 0.1 is a tenth of the height.
        elastic: augmentation in training: distort smoothly, by this fraction of the image's size.
        styles: augmentation in training: redraw this fraction of the digits in styles that MNIST lacks.
        robust: augmentation in training: change this fraction of the images strongly, as pens, papers and cameras do.
        non_digits: augmentation in training: add things that are no digits, this many per image, to be doubted.
        num_workers: processes that augment the training images, for a GPU; by default it is done on the device.
    """

    # Mean and standard deviation of the pixels of MNIST's training images, on the 0–1 scale; a source with other
    # training images calls `measure`. A network takes them over when it is first trained.
    mean = 0.1307
    std = 0.3081
    classes: Sequence[str] = DIGITS
    # Numbers of the test images whose labels are known to be wrong.
    wrong_labels: Sequence[int] = ()
    # Images per step where nothing is learnt and only speed and memory count.
    eval_batch_size = 500

    def __init__(
        self,
        batch_size: int = 200,
        val_size: int = 5000,
        split_seed: int = 0,
        rotation: float = 0.0,
        zoom: float = 0.0,
        shift: float = 0.0,
        shear: float = 0.0,
        elastic: float = 0.0,
        styles: float = 0.0,
        robust: float = 0.0,
        non_digits: float = 0.0,
        num_workers: int = 0,
    ) -> None:
        super().__init__()
        self.augmentation = {"rotation": rotation, "zoom": zoom, "shift": shift, "shear": shear, "elastic": elastic}
        self.broadening = {"styles": styles, "robust": robust, "non_digits": non_digits}
        check_number("--data.batch_size", batch_size, least=1, whole=True)
        check_number("--data.split_seed", split_seed, most=MOST_SEED, whole=True)
        for name, count in {"val_size": val_size, "num_workers": num_workers}.items():
            check_number(f"--data.{name}", count, whole=True)
        for name, value in self.augmentation.items():
            check_number(f"--data.{name}", value, below=1 if name == "zoom" else math.inf)
        for name, value in self.broadening.items():
            check_number(f"--data.{name}", value, most=1)
        self.save_hyperparameters()
        self.batch_size = batch_size
        self.val_size = val_size
        self.split_seed = split_seed
        self.num_workers = num_workers
        self.seed: int | None = None  # of what training draws at random; by default torch's own
        self.resumed_at = 0, 0  # epoch and batch
        self.train: DigitsSubset
        self.val: Digits
        self.test: Digits
        self.predict_stream: Stream | None = None
        self.predict_start = 0  # batches of it that were predicted before
        self.unreadable = 0

    def load(self, split: str) -> Digits:
        """Read the images of `split`: "train" (to be split for validation), "test" or "predict"."""
        raise InputError(f"{type(self).__name__} has no images: give it a method `load(split)` that returns Digits")

    def files(self) -> list[str]:
        """The files of the user's that are read."""
        return []

    def stream(self) -> Stream | None:
        """The images to predict, where they need not all be loaded before the first is predicted."""
        return None

    @cached_property
    def predict(self) -> Digits:
        """The images to predict, all in memory."""
        return self.load("predict")

    @property
    def streamed(self) -> Stream | None:
        """The images to predict, where nobody has asked for them in memory, or has set others."""
        return None if "predict" in self.__dict__ else self.predict_stream

    def original(self, index: int) -> Image.Image:
        """The picture that image `index` of those to predict was made from."""
        return Image.fromarray(self.predict.images[index].numpy())

    @property
    def augments(self) -> bool:
        """Whether training sees the images otherwise than they are."""
        return any((*self.augmentation.values(), *self.broadening.values()))

    @property
    def image_statistics(self) -> tuple[float, float, tuple[str, ...]]:
        """Mean and standard deviation of the training images, and the names of the classes."""
        return self.mean, self.std, tuple(self.classes)

    def measure(self, images: Tensor) -> None:
        """Take mean and standard deviation from training images, (N, 28, 28) uint8."""
        self.mean, self.std = mean_and_std(images)

    def setup(self, stage: str) -> None:
        if stage in ("fit", "validate"):
            data = usable(self.load("train"), self.classes)
            check_trainable(data, self.val_size, self.classes, stage)
            train, val = stratified_split(data.labels, self.val_size, self.split_seed)
            self.train, self.val = DigitsSubset(data, train), data.subset(val)
            begin(self)
        elif stage == "test":
            data = self.load("test")
            self.test, self.unreadable = usable(data, self.classes), data.unreadable
            if len(self.test) == 0:
                raise InputError("there is nothing to score: no image has a label (use predict to predict them)")
        elif stage == "predict":
            self.__dict__.pop("predict", None)
            self.predict_stream, self.predict_start = self.stream(), 0
            self.unreadable = 0 if self.streamed is not None else self.predict.unreadable
        else:
            raise InputError(f'setup({stage!r}): its stages are "fit", "validate", "test" and "predict"')

    def train_dataloader(self) -> Iterable[Batch]:
        if self._overfits:
            return self._loader(self.train, Batches(len(self.train), self.batch_size))
        seed = torch.initial_seed() if self.seed is None else self.seed
        helped = self.num_workers > 0 and self.augments
        kind, data = (SeededBatches, AugmentedImages(self)) if helped else (Batches, self.train)
        order = kind(len(self.train), self.batch_size, *self._processes, seed, *self.resumed_at)
        return self._loader(data, order, self.num_workers)

    def val_dataloader(self) -> Iterable[Batch]:
        return self._eval_loader(self.val) if self.val_size else []

    def test_dataloader(self) -> Iterable[Batch]:
        return self._eval_loader(self.test)

    def predict_dataloader(self) -> Iterable[Batch]:
        if self.streamed is not None:
            return StreamLoader(self.streamed, *self._processes, self.predict_start)
        return self._eval_loader(self.predict)

    def _eval_loader(self, data: Digits) -> Iterable[Batch]:
        return self._loader(data, Batches(len(data), self.eval_batch_size, *self._processes))

    def _loader(self, data: Dataset[Batch], batches: Batches, workers: int = 0) -> Iterable[Batch]:
        loader = DataLoader(
            data,
            batch_size=None,  # the sampler's own
            sampler=batches,
            num_workers=workers,
            persistent_workers=workers > 0,
            collate_fn=as_is,
            generator=torch.Generator(),  # its own: what training draws is the same with and without workers
        )
        if self._overfits:
            return LoadedBatches(loader)  # in a loader, Lightning would put a sampler of single images in place of ours
        return loader

    @property
    def _overfits(self) -> bool:
        return self.trainer is not None and bool(self.trainer.overfit_batches)  # type: ignore[attr-defined]

    @property
    def _processes(self) -> tuple[int, int]:
        """The number of this process, and how many there are."""
        return (0, 1) if self.trainer is None else (self.trainer.global_rank, self.trainer.world_size)

    # What training draws at random, the order of the images, augmentation and dropout, is a function of seed, epoch,
    # batch and process. So a run that was interrupted goes on as if it had not been.

    def state_dict(self) -> dict[str, Any]:
        assert self.trainer is not None
        loop: Any = self.trainer.fit_loop
        epoch = loop.epoch_progress.current
        over = epoch.processed > epoch.completed  # saved between two epochs
        batch = 0 if over else loop.epoch_loop.batch_progress.current.processed
        return {"seed": self.seed, "epoch": epoch.processed, "batch": batch}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.seed = state_dict["seed"]
        self.resumed_at = state_dict["epoch"], state_dict["batch"]

    def transfer_batch_to_device(self, batch: Any, device: torch.device, dataloader_idx: int) -> Any:
        if not isinstance(batch, Batch):  # of a custom loader
            return super().transfer_batch_to_device(batch, device, dataloader_idx)
        if batch.images.device == batch.labels.device == device:
            return batch
        # Lightning's own looks through whatever a batch may be made of, which takes 0.01 ms.
        cuda = device.type == "cuda"
        images, labels = (tensor.to(device, non_blocking=cuda) for tensor in batch)
        return Batch(images, labels, batch.indices, batch.source, batch.random_state, batch.has_non_digits)

    def on_after_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:
        is_custom = not isinstance(batch, Batch)  # of a custom loader
        if is_custom:
            if not is_raw_pair(batch):
                return batch  # whatever it likes
            images, labels = batch
            batch = Batch(images, labels, torch.arange(len(images)))
        if self.trainer is not None and self.trainer.training and self.seed is not None:
            loop: Any = self.trainer.fit_loop
            epoch, batch_idx = loop.epoch_progress.current.processed, loop.epoch_loop.batch_progress.current.ready
            seed = batch_seed(self.seed, epoch, self.trainer.global_rank, batch_idx)
            for device in {batch.images.device, torch.device("cpu")}:  # what is drawn once for a batch: on the CPU
                seed_device(device, seed)
            if batch.random_state is None:
                batch = self.broaden(batch)
            else:
                torch.default_generator.set_state(batch.random_state)
        images = self.normalize(batch.images)
        if is_custom:
            return [images, batch.labels]
        return Batch(images, batch.labels, batch.indices, batch.source, has_non_digits=batch.has_non_digits)

    def normalize(self, images: Tensor) -> Tensor:
        """Raw images, (N, 28, 28), 0 to 255, to what the network takes, (N, 1, 28, 28) float32.

        A `Classifier` knows how it was trained; other LightningModules get images scaled by `mean` and `std`.
        """
        module: Any = None if self.trainer is None else self.trainer.lightning_module
        if hasattr(module, "normalize_images"):
            return module.normalize_images(images)
        return normalize(images, self.mean, self.std)

    def broaden(self, batch: Batch) -> Batch:
        """A batch of raw images, (N, 28, 28), as training sees it: augmented, then non-digits of label and index -1."""
        if not any(self.broadening.values()):
            images = self.augment(batch.images)
            return batch if images is batch.images else Batch(images, batch.labels, batch.indices)
        device = batch.images.device
        here = device if device.type != "mps" else torch.device("cpu")  # Apple's GPUs lack half of what it takes
        images, labels = broaden(batch.images.to(here), batch.labels.to(here), self.augment, **self.broadening)
        images, labels = images.to(device), labels.to(device)
        unknown = batch.indices.new_full((len(images) - len(batch.indices),), -1)
        return Batch(images, labels, torch.cat([batch.indices, unknown]), has_non_digits=len(unknown) > 0)

    def augment(self, images: Tensor) -> Tensor:
        """Raw images, (N, 28, 28), moved and distorted; as they are where nothing is augmented."""
        if not any(self.augmentation.values()):
            return images
        return augment(images, **self.augmentation)


def begin(data: DigitsDataModule) -> None:
    """Begin at the first batch, with the seed of the run, and with a network that has an output for each class."""
    data.resumed_at = 0, 0
    if data.trainer is None:
        return
    if data.seed is None:
        data.seed = data.trainer.strategy.broadcast(torch.initial_seed())
    network: Any = data.trainer.lightning_module
    if hasattr(network, "match_classes"):
        network.match_classes()  # before callbacks copy the network, as those do that average its weights


def datamodule_of(trainer: Trainer) -> DigitsDataModule:
    """The data that a trainer works on."""
    return trainer.datamodule  # type: ignore[attr-defined]
