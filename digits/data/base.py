"""What all sources of images share: tensors in memory, the split, the loaders, normalising and augmenting."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import torch
from lightning.pytorch import LightningDataModule, Trainer
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from digits.data.batches import Batches, random_seed, seed_device
from digits.data.page import DigitBox
from digits.errors import InputError
from digits.transforms import augment, normalize

Batch = tuple[Tensor, Tensor]


class Digits(Dataset[Batch]):
    """Images in memory, with what is known about them.

    Indexed by a number, it gives an image, (28, 28), and its label; by a tensor of numbers, a batch, (N, 28, 28) and
    (N,).

    Args:
        images: (N, 28, 28), uint8, ink as 0 to 255.
        labels: (N,), int64, 0 to 9, or -1 where unknown; by default all are.
        ids: what the images are called; by default their numbers.
        notes: why an image has nothing to predict, or "" if it has; by default all have.
        places: where in their pictures the images stand, if pictures show several digits.
    """

    def __init__(
        self,
        images: Tensor,
        labels: Tensor | None = None,
        ids: Sequence[str] | None = None,
        notes: Sequence[str] | None = None,
        places: Sequence[DigitBox] | None = None,
    ) -> None:
        self.images = images
        self.labels = torch.full((len(images),), -1) if labels is None else labels
        self.ids = range(len(images)) if ids is None else ids
        self.notes = notes
        self.places = places

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int | Tensor) -> Batch:
        if isinstance(index, Tensor) and index.ndim:  # `index_select` copies whole images, indexing goes pixel by pixel
            return self.images.index_select(0, index), self.labels.index_select(0, index)
        return self.images[index], self.labels[index]

    def subset(self, indices: Tensor) -> "Digits":
        """The images at `indices`, (M,), int64, in that order."""
        keep = indices.tolist()
        return Digits(
            *self[indices],
            [self.ids[i] for i in keep],
            self.notes and [self.notes[i] for i in keep],
            self.places and [self.places[i] for i in keep],
        )

    @cached_property
    def has_labels(self) -> bool:
        """Whether any label is known."""
        return bool((self.labels >= 0).any())

    @property
    def unreadable(self) -> int:
        """How many images could not be read; their notes say why."""
        return sum(note.startswith("unreadable") for note in self.notes or ())

    def labelled(self) -> "Digits":
        """Those that can be scored: a label is known, and there is something to predict."""
        known = self.labels >= 0
        if self.notes is not None:
            known &= torch.tensor([not note for note in self.notes], dtype=torch.bool)
        return self if known.all() else self.subset(known.nonzero().squeeze(1))


class DigitsSubset(Dataset[Batch]):
    """Some of the images of a data set, without a copy of them: the training set may be most of the memory there is.

    Args:
        data: the images.
        rows: which of them, (M,), int64.
    """

    def __init__(self, data: Digits, rows: Tensor) -> None:
        self.data = data
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int | Tensor) -> Batch:
        return self.data[self.rows[index]]

    def first(self, n: int) -> Digits:
        """A copy of the first `n` images, or of all."""
        return self.data.subset(self.rows[:n])


def stratified_split(labels: Tensor, val_size: int, seed: int) -> tuple[Tensor, Tensor]:
    """Split into training and validation with every class in proportion, the same on every machine.

    The images are shuffled, then sorted by class; validation takes `val_size` of them at even distances.

    Args:
        labels: (N,), int64.
        val_size: how many images to validate on.
        seed: of the shuffling; the split depends on nothing else.

    Returns:
        Indices of the training and of the validation images, each ascending, int64.
    """
    n = len(labels)
    shuffled = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
    by_class = shuffled[labels[shuffled].argsort(stable=True)]
    validation = torch.zeros(n, dtype=torch.bool)
    validation[by_class[torch.arange(val_size) * n // max(val_size, 1)]] = True
    return (~validation).nonzero().squeeze(1), validation.nonzero().squeeze(1)


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
        num_workers: loader processes. The data is in memory, so none are needed.
    """

    # Mean and standard deviation of the pixels of MNIST's training images, on the 0–1 scale. A source with other
    # training images calls `measure`; a checkpoint brings those that its model was trained with.
    mean = 0.1307
    std = 0.3081
    classes: Sequence[str] = tuple("0123456789")
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
        num_workers: int = 0,
    ) -> None:
        super().__init__()
        for name, value, least in [
            ("batch_size", batch_size, 1),
            ("val_size", val_size, 0),
            ("rotation", rotation, 0),
            ("zoom", zoom, 0),
            ("shift", shift, 0),
            ("shear", shear, 0),
            ("elastic", elastic, 0),
            ("num_workers", num_workers, 0),
        ]:
            if value < least:
                raise InputError(f"--data.{name} must be at least {least}, got {value}")
        if zoom >= 1:
            raise InputError(f"--data.zoom must be less than 1, got {zoom}")
        self.save_hyperparameters()
        self.batch_size = batch_size
        self.val_size = val_size
        self.split_seed = split_seed
        self.augmentation = {"rotation": rotation, "zoom": zoom, "shift": shift, "shear": shear, "elastic": elastic}
        self.num_workers = num_workers
        self.seed: int | None = None  # of what training draws at random; by default torch's own
        self.resumed_at = 0, 0  # epoch and batch
        self.train: DigitsSubset
        self.val: Digits
        self.test: Digits
        self.predict: Digits
        self.unreadable = 0
        self.scaled = False

    def load(self, split: str) -> Digits:
        """Read the images of `split`: "train" (to be split for validation), "test" or "predict"."""
        raise NotImplementedError

    def original(self, index: int) -> Image.Image:
        """The picture that image `index` of those to predict was made from."""
        return Image.fromarray(self.predict.images[index].numpy())

    def scale_as(self, mean: float, std: float) -> None:
        """Normalise by what a model was trained with, whatever the images are now."""
        self.mean, self.std, self.scaled = mean, std, True

    def measure(self, images: Tensor) -> None:
        """Take mean and standard deviation from training images, (N, 28, 28) uint8, unless a model brought them."""
        if self.scaled:
            return
        pixels = torch.stack([chunk.flatten().bincount(minlength=256) for chunk in images.split(1000)]).sum(0).double()
        values = torch.arange(256).double() / 255
        self.mean = round(float((pixels * values).sum() / pixels.sum()), 4)
        variance = (pixels * (values - self.mean) ** 2).sum() / pixels.sum()
        self.std = max(round(float(variance.sqrt()), 4), 1e-4)

    def setup(self, stage: str) -> None:
        if stage in ("fit", "validate"):
            data = self.load("train").labelled()
            if len(data) == 0:
                raise InputError("there is nothing to train on: no image has a label")
            if self.val_size >= len(data):
                raise InputError(
                    f"--data.val_size {self.val_size} leaves nothing to train on: there are {len(data)} training images"
                )
            train, val = stratified_split(data.labels, self.val_size, self.split_seed)
            self.resumed_at = 0, 0
            if self.seed is None and self.trainer is not None:
                self.seed = self.trainer.strategy.broadcast(torch.initial_seed())
            self.train, self.val = DigitsSubset(data, train), data.subset(val)
        elif stage == "test":
            data = self.load("test")
            self.test, self.unreadable = data.labelled(), data.unreadable
            if len(self.test) == 0:
                raise InputError("there is nothing to score: no image has a label (use predict to predict them)")
        elif stage == "predict":
            self.predict = self.load("predict")
            self.unreadable = self.predict.unreadable

    def train_dataloader(self) -> Iterable[Batch]:
        if self._overfits:
            return self._loader(self.train, Batches(len(self.train), self.batch_size))
        seed = torch.initial_seed() if self.seed is None else self.seed
        rank, processes = self._processes
        order = Batches(len(self.train), self.batch_size, rank, processes, seed, *self.resumed_at)
        return self._loader(self.train, order)

    def val_dataloader(self) -> Iterable[Batch]:
        return self._eval_loader(self.val) if self.val_size else []

    def test_dataloader(self) -> Iterable[Batch]:
        return self._eval_loader(self.test)

    def predict_dataloader(self) -> Iterable[Batch]:
        return self._eval_loader(self.predict)

    def _eval_loader(self, data: Digits) -> Iterable[Batch]:
        return self._loader(data, Batches(len(data), self.eval_batch_size, *self._processes))

    def _loader(self, data: Digits | DigitsSubset, batches: Batches) -> Iterable[Batch]:
        loader = DataLoader(
            data,
            batch_size=None,  # the sampler's own
            sampler=batches,
            num_workers=self.num_workers,
            persistent_workers=self.num_workers > 0,
            collate_fn=_identity,
            generator=torch.Generator(),  # its own: what training draws is the same with and without workers
        )
        if self._overfits:
            return _Loaded(loader)  # in a loader, Lightning would put a sampler of single images in place of ours
        return loader

    @property
    def _overfits(self) -> bool:
        return self.trainer is not None and bool(self.trainer.overfit_batches)  # type: ignore[attr-defined]

    @property
    def _processes(self) -> tuple[int, int]:
        """The number of this process, and how many there are."""
        return (0, 1) if self.trainer is None else (self.trainer.global_rank, self.trainer.world_size)

    def places(self, batch_idx: int, n: int) -> Tensor:
        """The numbers, in their data, of the `n` images of a batch that this process scores: (n,), int64."""
        rank, processes = self._processes
        return torch.arange(n) + (batch_idx * processes + rank) * self.eval_batch_size

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

    def transfer_batch_to_device(self, batch: Batch, device: torch.device, dataloader_idx: int) -> Batch:
        # Lightning's own looks through whatever a batch may be made of, which takes 0.01 ms.
        images, labels = batch
        cuda = device.type == "cuda"
        return images.to(device, non_blocking=cuda), labels.to(device, non_blocking=cuda)

    def on_after_batch_transfer(self, batch: Batch, dataloader_idx: int) -> Batch:
        images, labels = batch  # (N, 28, 28) uint8, (N,)
        if self.trainer is not None and self.trainer.training and self.seed is not None:
            loop: Any = self.trainer.fit_loop
            epoch, batch_idx = loop.epoch_progress.current.processed, loop.epoch_loop.batch_progress.current.ready
            seed_device(images.device, random_seed(self.seed, epoch, self.trainer.global_rank + 1) + batch_idx)
            images = self.augment(images)
        return normalize(images, self.mean, self.std), labels  # (N, 1, 28, 28) float32

    def augment(self, images: Tensor) -> Tensor:
        """Raw images, (N, 28, 28), as training sees them; as they are where nothing is augmented."""
        if not any(self.augmentation.values()):
            return images
        if images.device.type == "mps":  # where torch's bicubic sampling is as new as 2026
            return augment(images.cpu(), **self.augmentation).to(images.device)
        return augment(images, **self.augmentation)


def datamodule_of(trainer: Trainer) -> DigitsDataModule:
    """The data that a trainer works on."""
    return trainer.datamodule  # type: ignore[attr-defined]


class _Loaded(list[Batch]):
    """Batches in a list of its own type, as Lightning takes a plain one for several loaders."""


def _identity(batch: Any) -> Any:
    """Collate: indexing by a tensor has made the batch already."""
    return batch
