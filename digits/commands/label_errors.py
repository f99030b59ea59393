"""Labels that are probably wrong, by networks that were not trained on their images.

Shapes: N images, K classes.
"""

import torch
from lightning.pytorch import seed_everything
from torch import Tensor

from digits.data import Digits, DigitsDataModule
from digits.data.split import shuffled_by_class
from digits.fast.process import fastest_precision
from digits.fast.trainer import silent_trainer
from digits.models import FastCNN
from digits.network import probabilities_of

FOLDS = 3
EPOCHS = 3  # of the recipe of configs/speedrun.yaml, which has one


def find_label_errors(probabilities: Tensor, labels: Tensor) -> Tensor:
    """Find labels that are probably wrong by confident learning (Northcutt, Jiang and Chuang, 2021).

    A network counts as sure of a class where its probability is at least the mean over the images with that label. A
    label is probably wrong where the network is surest of another class, and does not read the label after all.

    Args:
        probabilities: (N, K), of networks that were not trained on these images.
        labels: (N,), int64, 0 to K - 1.

    Returns:
        Indices, (M,) int64; the worst first, whose label is the least probable compared with that other class.
    """
    own = probabilities.gather(1, labels[:, None]).squeeze(1)
    thresholds = torch.full((probabilities.shape[1],), torch.inf)
    for label in labels.unique().tolist():
        thresholds[label] = own[labels == label].mean()
    confidence, surest = torch.where(probabilities >= thresholds, probabilities, -1).max(dim=1)
    other = (surest != labels) & (probabilities.argmax(dim=1) != labels)
    wrong = ((confidence >= 0) & other).nonzero().squeeze(1)
    return wrong[(own[wrong] - confidence[wrong]).argsort(stable=True)]


def out_of_fold_probabilities(source: DigitsDataModule, data: Digits) -> Tensor:
    """Probabilities of images by networks that were not trained on them: a small one for each fold.

    Args:
        source: where the images come from, which knows their mean, standard deviation and classes.
        data: N labelled images.

    Returns:
        (N, K), float32, each row summing to 1.
    """
    order = shuffled_by_class(data.labels, seed=0)  # so that each fold has every class in proportion
    found = torch.empty(len(data), len(source.classes))
    for i in range(FOLDS):
        scored, others = order[i::FOLDS], torch.cat([order[k::FOLDS] for k in range(FOLDS) if k != i])
        found[scored] = probabilities_of(train(source, data.subset(others)), data.images[scored])
    return found


class InMemory(DigitsDataModule):
    """Labelled images that are in memory already, all to be trained on."""

    data: Digits

    def load(self, split: str) -> Digits:
        return self.data


def train(source: DigitsDataModule, data: Digits) -> FastCNN:
    """A small network trained on images from a source, in seconds."""
    images = InMemory(batch_size=200, val_size=0)
    images.data, images.mean, images.std, images.classes = data, source.mean, source.std, source.classes
    seed_everything(0, verbose=False)
    network = FastCNN(lr=0.01)  # without label smoothing, which takes from the confidence
    trainer = silent_trainer(max_epochs=EPOCHS, devices=1, precision=fastest_precision("auto"))
    trainer.fit(network, datamodule=images)
    return network.eval()
