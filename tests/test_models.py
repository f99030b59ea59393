from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from digits.callbacks.summary import summarize
from digits.errors import InputError
from digits.layers import pool_relu
from digits.models import MLP, BatchNormCNN, Classifier, DeepCNN, FastCNN, KaggleCNN, LargeCNN, SmallCNN
from digits.network import evaluating
from tests.helpers import draw, same_weights, slow

MODELS = [
    (MLP(), 623_290),
    (MLP(hidden=[128, 128]), 118_282),
    (SmallCNN(), 592_074),
    (LargeCNN(), 59_933),
    (KaggleCNN(), 887_530),
    (BatchNormCNN(), 226_186),
    (DeepCNN(), 576_106),
    (DeepCNN(width=0.5), 145_210),
    (FastCNN(), 29_610),
]


@pytest.mark.parametrize(("model", "parameters"), MODELS)
def test_architecture(model: Classifier, parameters: int) -> None:
    assert sum(p.numel() for p in model.parameters() if p.requires_grad) == parameters
    assert f"{parameters:,}" in summarize(model)
    assert model(torch.zeros(3, 1, 28, 28)).shape == (3, 10)


@pytest.mark.parametrize("model", [model for model, _ in MODELS])
def test_predictions_are_probabilities(model: Classifier) -> None:
    images, labels = torch.randn(4, 1, 28, 28), torch.zeros(4)
    model.eval()
    probabilities = model.predict_step((images, labels), 0)
    assert probabilities.min() >= 0
    torch.testing.assert_close(probabilities.sum(1), torch.ones(4))
    assert torch.equal(probabilities.argmax(1), model(images).argmax(1))


@pytest.mark.parametrize("kind", [MLP, SmallCNN, LargeCNN, slow(KaggleCNN), BatchNormCNN, FastCNN])
def test_one_batch_overfits(kind: Callable[[], Classifier]) -> None:
    torch.manual_seed(0)
    images, labels = draw(30, seed=0)
    batch = images.unsqueeze(1) / 128 - 1, labels.roll(3)
    model = kind().eval()  # without dropout, what is wrong can only be the layers or the step
    optimizer = torch.optim.Adam(model.parameters(), 2e-3)
    for _ in range(30):
        loss = model.training_step(batch, 0)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 0.1
    assert model.train_scores.compute()["images"] == 30 * 30


def test_pooling_before_relu_is_relu_before_pooling() -> None:
    x = torch.randn(2, 3, 8, 8)
    pool, relu = pool_relu()
    assert torch.equal(relu(pool(x)), F.max_pool2d(F.relu(x), 2))


def test_label_smoothing_is_of_the_loss_alone() -> None:
    torch.manual_seed(0)
    batch = torch.randn(8, 1, 28, 28), torch.arange(8)
    plain, smooth = MLP(), MLP(label_smoothing=0.2)
    smooth.load_state_dict(plain.state_dict())
    logits = plain(batch[0])
    uniform = -logits.log_softmax(dim=1).mean()
    torch.testing.assert_close(smooth.training_step(batch, 0), 0.8 * plain.training_step(batch, 0) + 0.2 * uniform)
    torch.testing.assert_close(smooth.train_scores.compute(), plain.train_scores.compute())
    with pytest.raises(InputError, match="from 0 to 1, got 2"):
        MLP(label_smoothing=2)


@pytest.mark.parametrize("hidden", [[1.5], [0], ["x"], 784, "784"])
def test_what_is_no_list_of_units_is_refused(hidden: Any) -> None:
    with pytest.raises(InputError, match=r"--model.hidden.* must be .*, got"):
        MLP(hidden=hidden)


def test_a_network_that_fails_to_predict_is_in_training_again() -> None:
    model = MLP().train()
    with pytest.raises(RuntimeError), evaluating(model):
        model(torch.zeros(1, 3))
    assert model.training


def test_summarize_leaves_the_model_as_it_was() -> None:
    model = BatchNormCNN().train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    random = torch.get_rng_state()
    summarize(model)
    assert model.training
    assert same_weights(before, model.state_dict())
    assert torch.equal(random, torch.get_rng_state())


def test_hyperparameters_are_plain_and_complete() -> None:
    expected = {"hidden": [12, 7], "lr": 0.5, "weight_decay": 0.01, "label_smoothing": 0.0}
    assert dict(MLP(hidden=[12, 7], lr=0.5).hparams) == expected
