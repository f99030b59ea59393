import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from digits.checkpoint import Checkpoint
from digits.commands.export_formats import ExportModule
from digits.ensemble import Ensemble
from digits.errors import InputError
from digits.models import MLP, LargeCNN
from digits.transforms import redraw
from tests.helpers import Digits, csv_probabilities

SHORT = ("--trainer.max_epochs=1", "--pictures=false", "--trainer.logger=false")


def checkpoint(name: str) -> str:
    return f"lightning_logs/{name}/version_0/checkpoints/best.ckpt"


@pytest.fixture
def members(trained: Digits) -> list[str]:
    """Two trained networks of different kinds."""
    trained("--model=MLP", *SHORT)
    trained("--model=LargeCNN", "--model.label_smoothing=0.1", *SHORT)
    return [checkpoint("MLP"), checkpoint("LargeCNN")]


def test_an_ensemble_is_the_mean_of_its_members(digits: Digits, members: list[str]) -> None:
    for name, path in zip("ab", members, strict=True):
        digits("predict", f"--ckpt_path={path}", f"--predictions.path={name}.csv")
    out = digits("predict", "--model=Ensemble", f"--model.checkpoints={members}", "--predictions.path=both.csv")
    assert "90 images in" in out
    mean = (csv_probabilities("a.csv") + csv_probabilities("b.csv")) / 2
    np.testing.assert_allclose(csv_probabilities("both.csv"), mean, atol=2e-6)
    out = digits("test", "--model=Ensemble", f"--model.checkpoints={members}", "--name=both")
    assert "on 90 images" in out
    assert Path("lightning_logs/both/version_0/test.json").is_file()
    # A pattern of runs stands for their best checkpoints; the ensemble's own run has none.
    pattern = "--model.checkpoints=lightning_logs/*/version_0"
    out = digits("predict", "--model=Ensemble", pattern, "--predictions.path=all.csv")
    assert [line for line in out.splitlines() if line in {f"Checkpoint: {path}" for path in members}] == [
        f"Checkpoint: {path}" for path in sorted(members)
    ]
    np.testing.assert_allclose(csv_probabilities("all.csv"), mean, atol=2e-6)
    # One member is itself.
    digits("predict", "--model=Ensemble", f"--model.checkpoints=[{members[1]}]", "--predictions.path=one.csv")
    np.testing.assert_allclose(csv_probabilities("one.csv"), csv_probabilities("b.csv"), atol=2e-6)


def test_members_that_were_scaled_otherwise_see_what_they_were_trained_on(members: list[str]) -> None:
    images = torch.randint(0, 256, (5, 28, 28), dtype=torch.uint8)
    saved = torch.load(members[1], weights_only=True)
    saved["data"] |= {"mean": 0.5, "std": 0.25}
    torch.save(saved, "other.ckpt")
    first, second = (Checkpoint.read(Path(path)).network() for path in (members[0], "other.ckpt"))
    data = first.trained_on
    assert data is not None
    scaled = [(images[:, None] / 255 - mean) / std for mean, std in ((data.mean, data.std), (0.5, 0.25))]
    mean = (first.eval_logits(scaled[0]).softmax(1) + second.eval_logits(scaled[1]).softmax(1)) / 2
    together = Ensemble([members[0], "other.ckpt"]).eval()(images)
    torch.testing.assert_close(together.exp(), mean)


def test_what_an_ensemble_refuses(refused: Digits, members: list[str]) -> None:
    def error(*args: str) -> str:
        return refused("test", "--model=Ensemble", *args)

    Path("lightning_logs/MLP/version_0/events").mkdir()
    assert "absent.ckpt: there is no such file" in error("--model.checkpoints=[absent.ckpt]")
    assert "--model.checkpoints" in error(f"--model.checkpoints={members}", f"--ckpt_path={members[0]}")
    out = refused("fit", "--model=Ensemble", f"--model.checkpoints={members}")
    assert "not trained: train its members" in out
    saved = torch.load(members[0], weights_only=True)
    torch.save(saved | {"class_path": "os.path.MLP"}, "strange.ckpt")
    torch.save(saved | {"hyper_parameters": {"hidden": [5], "lr": 0.1}}, "narrow.ckpt")
    for checkpoints, reason in {
        "lightning_logs/*/version_9": "version_9: there is no such file",
        "lightning_logs/MLP/version_0/events": "MLP/version_0/events holds no run",
        "strange.ckpt": "os.path.MLP, not one of",
        "narrow.ckpt": "narrow.ckpt does not fit MLP: size mismatch",
    }.items():
        with pytest.raises(InputError, match=re.escape(reason)):
            Ensemble([checkpoints])
    with pytest.raises(InputError, match="is empty"):
        Ensemble([])


def test_networks_of_ones_own_are_imported_only_if_they_are_named(
    digits: Digits, refused: Digits, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("voter.py").write_text(
        "from digits.models import MLP\n\n\nclass Net(MLP):\n    pass\n\n\nclass Other:\n    pass\n"
    )
    monkeypatch.syspath_prepend(Path.cwd())
    digits("fit", "--model=voter.Net", *SHORT)
    sys.modules.pop("voter")  # as in the next process
    together = ("--model=Ensemble", "--model.checkpoints=[lightning_logs/Net,pretrained]", "--trainer.logger=false")
    assert "by `networks` of Ensemble" in refused("test", *together)
    assert "voter" not in sys.modules
    assert "networks: voter.Other is no network" in refused("test", *together, "--model.networks=voter.Other")
    assert "No module named 'nope'" in refused("test", *together, "--model.networks=[nope.Net]")
    assert "on 90 images" in digits("test", *together, "--model.networks=[voter.Net]")
    sys.modules.pop("voter")
    teach = ("--trainer.callbacks=Distillation", "--trainer.callbacks.teachers=lightning_logs/Net")
    assert "holds a voter.Net" in refused("fit", "--model=MLP", *SHORT, *teach)
    assert "Best" in digits("fit", "--model=MLP", *SHORT, *teach, "--trainer.callbacks.networks=voter.Net")


def test_members_agree_on_the_classes(members: list[str]) -> None:
    saved = torch.load(members[0], weights_only=True)
    saved["data"]["classes"] = list("abcdefghij")
    torch.save(saved, "letters.ckpt")
    with pytest.raises(InputError, match="different classes"):
        Ensemble([members[0], "letters.ckpt"])


@pytest.mark.parametrize("kind", [MLP, LargeCNN])
def test_tta_averages_nine_shifted_views(kind: type[MLP]) -> None:
    model, images = kind().eval(), torch.randn(3, 1, 28, 28)
    model.temperature = 1.7
    plain = model.eval_logits(images)
    torch.testing.assert_close(plain, model(images) / 1.7)
    model.tta = True
    views = [images.roll((y, x), (2, 3)) for y in (-1, 0, 1) for x in (-1, 0, 1)]
    mean = torch.stack([(model(view) / 1.7).softmax(1) for view in views]).mean(0)
    torch.testing.assert_close(model.predict_step((images, torch.zeros(3)), 0), mean)


@torch.no_grad()
def test_only_what_a_network_is_not_sure_of_is_looked_at_again() -> None:
    torch.manual_seed(0)
    model, images = LargeCNN().eval(), torch.rand(8, 1, 28, 28)
    plain = model.eval_logits(images).softmax(1)
    confidences = plain.amax(1)
    model.second_look = float(confidences.median()) + 1e-6
    again = confidences < model.second_look
    assert 0 < again.sum() < 8
    some = images[again]
    views = [some, *redraw(some)]
    seen = model.eval_logits(images).softmax(1)
    torch.testing.assert_close(seen[again], torch.stack([model(view).softmax(1) for view in views]).mean(0))
    torch.testing.assert_close(seen[~again], plain[~again])
    assert ExportModule(model, "weights").model.second_look > 0
    assert ExportModule(model, "onnx").model.second_look == 0  # a graph has no branches


def test_tta_is_an_option_of_test_and_predict(digits: Digits, members: list[str]) -> None:
    digits("predict", f"--ckpt_path={members[1]}", "--predictions.path=plain.csv")
    digits("predict", f"--ckpt_path={members[1]}", "--predictions.path=tta.csv", "--tta=true")
    assert (csv_probabilities("plain.csv") != csv_probabilities("tta.csv")).any()
    assert "on 90 images" in digits("test", f"--ckpt_path={members[1]}", "--tta=true")
