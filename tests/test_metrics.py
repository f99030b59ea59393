import pickle
from multiprocessing.reduction import ForkingPickler

import pytest
import torch
import torch.nn.functional as F
from torchmetrics.classification import MulticlassAccuracy

from digits.metrics import Scores
from digits.models import MLP, LargeCNN


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


def test_scores_are_exact_whatever_the_network_is_cast_to() -> None:
    model = MLP([16]).to(torch.bfloat16)
    logits, labels = torch.randn(1000, 10), torch.randint(0, 10, (1000,))
    for _ in range(2):
        for one, label in zip(logits.split(1), labels.split(1), strict=True):
            model.val_scores.update(one, label)
        torch.testing.assert_close(model.val_scores.compute()["loss"], F.cross_entropy(logits, labels))
        model.val_scores.reset()


def test_scores_that_were_reset_while_a_network_is_scored_count_in_training() -> None:
    scores = Scores()
    with torch.inference_mode():  # as `trainer.validate` does
        scores.update(torch.randn(3, 10), torch.tensor([1, 2, 3]))
        scores.reset()
    with torch.no_grad():  # as validating in `trainer.fit` does
        scores.update(torch.randn(2, 10), torch.tensor([1, 2]))
    assert scores.compute()["images"] == 2


def test_what_is_sent_to_another_process_counts_for_itself() -> None:
    scores = Scores()
    sent = pickle.loads(ForkingPickler.dumps(scores))  # as to a process of ddp_spawn: tensors as shared memory
    sent.update(torch.zeros(1, 10), torch.tensor([0]))
    assert (scores.images, sent.images) == (0, 1)


def test_nothing_on_the_device_is_float64_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digits.metrics.WIDE", torch.float32)  # as with Apple's GPUs
    model = LargeCNN()
    kept = [*model.state_dict().values()]
    for scores in (model.train_scores, model.val_scores, model.test_scores):
        scores.update(torch.randn(3, 10), torch.tensor([1, 2, 3]))
        kept += scores.metric_state.values()
    assert len(kept) > 9
    assert all(value.dtype != torch.float64 for value in kept)
