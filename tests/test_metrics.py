import torch
import torch.nn.functional as F
from torchmetrics.classification import MulticlassAccuracy

from digits.metrics import Scores


def test_scores_are_those_of_all_images_at_once_whatever_the_batches() -> None:
    logits, labels = torch.randn(103, 10), torch.randint(0, 10, (103,))
    scores, accuracy = Scores(), MulticlassAccuracy(10, average="micro")
    for batch in torch.arange(103).split(25):  # the last has 3
        scores.update(logits[batch], labels[batch])
        accuracy.update(logits[batch], labels[batch])
    result = scores.compute()
    torch.testing.assert_close(result["loss"], F.cross_entropy(logits, labels))
    assert result["accuracy"] == accuracy.compute()
    assert result["accuracy"] + result["error"] == 1
    assert result["images"] == 103


def test_a_known_loss_counts_like_one_that_is_computed() -> None:
    logits, labels = torch.randn(7, 10), torch.randint(0, 10, (7,))
    given, computed = Scores(), Scores()
    given.update(logits, labels, F.cross_entropy(logits, labels))
    computed.update(logits, labels)
    assert given.compute() == computed.compute()
