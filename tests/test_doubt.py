from pathlib import Path

import torch
from PIL import Image

from digits import load
from digits.doubt import NOT_A_DIGIT, UNSURE, Doubt, fit_doubt
from tests.helpers import Digits


def test_few_of_the_images_that_thresholds_are_set_on_are_doubted() -> None:
    confidences = torch.linspace(0.6, 1, 10_000)
    probabilities = torch.stack([confidences, 1 - confidences], dim=1)
    doubt = fit_doubt(probabilities)
    notes = [doubt.note(float(p.max())) for p in probabilities]
    assert abs(notes.count(NOT_A_DIGIT) - 10) <= 1
    assert abs(notes.count(UNSURE) - 40) <= 2


def test_a_network_that_is_sure_of_all_doubts_none_of_it() -> None:
    probabilities = torch.full((100, 2), 1e-6)
    probabilities[:, 0] = 1 - 1e-6
    assert fit_doubt(probabilities).note(1 - 1e-6) == ""


def test_a_poor_network_is_unsure_of_what_is_likelier_wrong_than_right() -> None:
    doubt = fit_doubt((torch.randn(1000, 10, generator=torch.Generator().manual_seed(0)) / 4).softmax(dim=1))
    assert [doubt.note(p) for p in (0.2, 0.49, 0.51)] == [UNSURE, UNSURE, ""]


def test_what_lies_below_a_threshold_is_doubted_and_nothing_else() -> None:
    doubt = Doubt(unsure=0.8, not_a_digit=0.4)
    assert [doubt.note(p) for p in (0.39, 0.4, 0.79, 0.8, 1.0)] == [NOT_A_DIGIT, UNSURE, UNSURE, "", ""]


def test_thresholds_are_set_in_training_and_kept_in_the_checkpoint(trained: Digits) -> None:
    trained()
    path = Path("lightning_logs/MLP/version_0/checkpoints/best.ckpt")
    saved = torch.load(path, weights_only=True)
    assert 0.1 < saved["doubt"]["not_a_digit"] <= saved["doubt"]["unsure"] <= 1
    assert load(path).model.doubt == Doubt(**saved["doubt"])
    torch.save({key: value for key, value in saved.items() if key != "doubt"}, path)  # as older versions wrote them
    assert load(path).model.doubt == Doubt()


def test_pictures_that_are_doubted_have_a_note_and_a_prediction(
    digits: Digits, trained: Digits, tmp_path: Path
) -> None:
    trained()
    path = Path("lightning_logs/MLP/version_0/checkpoints/best.ckpt")
    torch.save(torch.load(path, weights_only=True) | {"doubt": {"unsure": 1.0, "not_a_digit": 0.0}}, path)
    page = Image.new("L", (60, 60), 255)
    page.paste(0, (28, 15, 33, 45))
    page.save(tmp_path / "one.png")
    digits(
        "predict",
        f"--ckpt_path={path}",
        "--data=ImageDataModule",
        f"--data.path={tmp_path / 'one.png'}",
        "--predictions.path=p.csv",
    )
    row = Path("p.csv").read_text().splitlines()[1].split(",")
    found = load(path).predict(page)
    assert found.notes == [UNSURE] == row[-1:]
    assert found.classes == row[1:2]
