"""What can be given on the command line, and how bad input is refused."""

import inspect
from itertools import pairwise
from pathlib import Path
from typing import Any, Union

import pytest
import yaml
from lightning.pytorch import Trainer

from digits.__main__ import main as program
from digits.cli import main
from tests.helpers import SMALL_FIT, Digits

MODEL = ("--model=MLP", "--model.hidden=[16]", "--model.lr=0.01")
FIT = ("--trainer.max_epochs=2", "--pictures=false", *MODEL)


def test_command_line_beats_config_beats_defaults(digits: Digits, capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.yaml").write_text("model: {class_path: LargeCNN}\ntrainer: {max_epochs: 7, log_every_n_steps: 3}\n")
    with pytest.raises(SystemExit) as info:
        main(["fit", "--config=mine.yaml", "--trainer.max_epochs=2", "--print_config"])
    assert info.value.code in (None, 0)
    config = yaml.safe_load(capsys.readouterr().out)
    assert config["trainer"]["max_epochs"] == 2
    assert config["trainer"]["log_every_n_steps"] == 3
    assert config["data"]["init_args"]["val_size"] == 5000
    assert config["model"]["init_args"]["lr"] == 0.005
    assert config["seed_everything"] == 0


@pytest.mark.parametrize("command", ["fit", "validate", "test", "predict"])
def test_help_shows_the_options_of_the_command(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as info:
        main([command, "--help"])
    assert info.value.code == 0
    out = capsys.readouterr().out
    assert out.startswith("usage: digits")
    assert ("--predictions.path" in out) == (command == "predict")


@pytest.mark.parametrize(
    ("args", "names"),
    [
        ((), "no model"),
        (("--config=absent.yaml",), "absent.yaml"),
        (("--config=text.yaml",), "text.yaml is not valid YAML"),
        (("--config=key.yaml",), "modle"),
        ((*FIT, "--model.lrr=3"), "lrr"),
        ((*FIT, "--model.lr=fast"), "fast"),
        ((*FIT, "--trainer.max_epochs=many"), "trainer.max_epochs"),
        ((*FIT, "--nonsense=3"), "--nonsense=3"),
        (("--model=Nonsense",), "no class Nonsense"),
        ((*FIT, "--data.batch_size=-3"), "--data.batch_size must be a whole number from 1, got -3"),
        ((*FIT, "--data.val_size=300"), "--data.val_size 300 leaves nothing to train on of 300 images"),
        ((*FIT, "--threads=two"), "threads: must be a whole number from 1, got two"),
        ((*FIT, "--threads=0"), "must be a whole number from 1"),
        ((*FIT, "--trainer.default_root_dir=text.yaml"), "text.yaml/lightning_logs/MLP"),
        ((*FIT, "--ckpt_path=last"), "no checkpoint in lightning_logs/MLP"),
        ((*FIT, "--ckpt_path=text.yaml"), "text.yaml is damaged or not a checkpoint"),
        ((*FIT, "--ckpt_path="), "the name of a checkpoint is empty"),
        ((*FIT, "--trainer.accelerator=abacus"), "abacus"),
        (
            (*FIT, "--data=rows.csv"),
            "--data rows.csv is no class: for its rows, give --data CSVDataModule --data.train",
        ),
        ((*FIT, "--data", "./bundled"), "--data ./bundled is no class: for pictures, give --data ImageDataModule"),
        ((*FIT, "--data=bundled"), "no class bundled: for pictures, give --data ImageDataModule --data.path bundled"),
        (("--model=text.ckpt",), "--model text.ckpt is no class: a checkpoint is given by --ckpt_path text.ckpt"),
        ((*FIT, "--data.batch_size=null"), "--data.batch_size is null: give a value, or leave it out"),
        ((*FIT, "--data.split_seed=null"), "--data.split_seed is null"),
        (("--model=MLP", "--model.hidden=null"), "--model.hidden is null"),
        (("--config=null.yaml",), "--model.lr is null"),
        (("--config=form.yaml",), "a class is given by class_path, and its settings by init_args"),
        (("--model=absent.yaml",), "--model absent.yaml: there is no such file"),
        ((*FIT, "--trainer.callbacks+", "absent.yml"), "--trainer.callbacks+ absent.yml: there is no such file"),
        ((*FIT, "--trainer=3"), "trainer: expected settings by name, or a file that holds them, got 3"),
        (("--model", "mine.py"), "--model mine.py is no class: name one in it, such as mine.Net"),
    ],
)
def test_bad_input_is_named_and_leaves_nothing(refused: Digits, args: tuple[str, ...], names: str) -> None:
    for name in ("rows.csv", "text.ckpt", "mine.py"):
        Path(name).touch()
    Path("text.yaml").write_text("a: [1")
    Path("key.yaml").write_text("modle: 3")
    Path("form.yaml").write_text("model: {MLP: {lr: 0.1}}")
    Path("null.yaml").write_text("model:\n  class_path: MLP\n  init_args:\n    lr:\n")
    assert names in refused("fit", *args)
    assert not list(Path("lightning_logs").rglob("version_*"))


def test_predictions_that_cannot_be_written_are_refused_before_predicting(trained: Digits, refused: Digits) -> None:
    trained()
    Path("folder").mkdir()
    assert "--predictions.path folder is a folder" in refused("predict", "--name=MLP", "--predictions.path=folder")
    Path("file").touch()
    assert "file/x.csv can't be written" in refused("predict", "--name=MLP", "--predictions.path=file/x.csv")


def test_without_validation_images_there_is_nothing_to_validate(trained: Digits, refused: Digits) -> None:
    trained(*SMALL_FIT, "--data.val_size=0")
    assert "--data.val_size is 0" in refused("validate", "--name=MLP", "--data.val_size=0")


def test_a_limit_of_1_is_one_batch_whichever_package_was_first(
    parsers: dict[tuple[str, ...], Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(parsers, ("test",), {})  # one is built as the signature below says
    signature = inspect.signature(Trainer.__init__)
    limits = {"limit_test_batches": "1", "limit_val_batches": "1.0"}
    parameters = [
        one.replace(annotation=Union[float, int, str, None]) if one.name in limits else one  # noqa: UP007
        for one in signature.parameters.values()
    ]
    monkeypatch.setattr(Trainer.__init__, "__signature__", signature.replace(parameters=parameters), raising=False)
    with pytest.raises(SystemExit):
        main(["test", "--config=mlp", *(f"--trainer.{name}={n}" for name, n in limits.items()), "--print_config"])
    out = capsys.readouterr().out
    assert all(f"  {name}: {n}\n" in out for name, n in limits.items())


def test_a_config_that_is_not_here_is_the_package_s_own(digits: Digits, refused: Digits) -> None:
    assert "592,074" in digits("fit", "--config=configs/small_cnn.yaml", "--trainer.fast_dev_run=true")
    assert "absent.yaml" in refused("fit", "--config", "configs/absent.yaml")


@pytest.mark.parametrize("name", ["../out", "/out", "a/../../out"])
def test_a_name_that_leads_out_of_the_logs_is_refused(refused: Digits, name: str) -> None:
    assert f"--name {name}" in refused("fit", *FIT, f"--name={name}")


@pytest.mark.parametrize("command", ["validate", "predict picture", "demo", "check", "compare", "list"])
def test_help_fits_a_narrow_terminal(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    with pytest.raises(SystemExit):
        program([*command.split(), "--help"])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 60


@pytest.mark.parametrize("command", ["fit", "validate", "test", "predict", "export"])
def test_help_fits_two_screens(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        main([command, "--help"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 100
    assert max(map(len, lines)) <= 80
    assert any(line.startswith("  --model.lr ") and "[0.001]" in text for line, text in pairwise(lines)) == (
        command == "fit"
    )


def test_help_says_whose_the_options_of_images_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["fit", "--help"])
    sections = dict(section.split("\n", 1) for section in capsys.readouterr().out.split("\n\n")[2:-1])
    assert "--data.path " in sections["images of ImageDataModule:"]
    assert "--data.train " in sections["images of CSVDataModule:"]
    assert "FashionMNIST [MNIST]" in sections["images of MNISTDataModule:"]
    assert "--data.batch_size " in sections["images of any source:"]
    assert "--data.rotation " in sections["augmentation in training, by default none:"]


def test_all_options_can_be_had(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["fit", "--help-all"])
    assert "--trainer.gradient_clip_val" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("args", "hint"),
    [
        ("--model=MLP --model.lrr=3", "did you mean --model.lr?"),
        ("--model=Mlp", "there is no class Mlp: did you mean MLP?"),
        ("--model=MLP --model.lr=-1", "error: --model.lr must be a number from 0, got -1.0"),
        ("--model=MLP --data.batch_size=0", "error: --data.batch_size must be a whole number from 1, got 0"),
        ("--confg mlp", "did you mean --config?"),
        ("--model=MLP --model.hiden=[3]", "did you mean --model.hidden?"),
        ("--model=MLP --model.momentum=1", "Option 'momentum' is not accepted (options: digits fit --help)"),
        ("--model=MLP --trainer.foo=1", "unrecognized arguments: --trainer.foo=1 (options: digits fit --help)"),
        ("--model=LagreCNN", "did you mean LargeCNN?"),
        ("--model=MLP --data.batchsize=3", "did you mean --data.batch_size?"),
        ("--model=MLP --data.path=x", "it belongs to --data ImageDataModule"),
        ("--model=MLP --data.train=x", "it belongs to --data CSVDataModule"),
        ("--model=LargeCNN --model.hidden=[3]", "it belongs to --model MLP"),
        ("--model=MLP --data=ImageDataModul", "did you mean ImageDataModule?"),
        ("--model=MLP --trainer.callbacks=EarlyStoping", "did you mean EarlyStopping?"),
        ("--model=MLP --trainer.logger=CSVLoger", "did you mean CSVLogger?"),
        ("--model=MLP --optimizer=SDG", "did you mean SGD?"),
        ("--model=digits.models.MPL", "there is no class digits.models.MPL: did you mean digits.models.MLP?"),
        ("--model=torch.nn.Linear", "torch.nn.Linear is no Classifier: derive it from digits.models.Classifier"),
        ("--model=MLP --data=digits.models.MLP", "is no DigitsDataModule: derive it from digits.data.DigitsDataModule"),
        ("--model=MLP --trainer.callbacks=digits.models.MLP", "trainer.callbacks: digits.models.MLP is no Callback ("),
        ("--model=MLP .", "for pictures, give --data ImageDataModule --data.path ."),
        ("--model=MLP train.csv", "for its rows, give --data CSVDataModule --data.train train.csv"),
    ],
)
def test_what_is_misspelt_is_answered_by_what_may_be_meant(refused: Digits, args: str, hint: str) -> None:
    assert hint in refused("fit", *args.split())


def test_an_option_that_another_command_has_is_answered_by_it(refused: Digits) -> None:
    assert "`digits predict PICTURE` has it" in refused("test", "--json")
    assert "did you mean --path?" in refused("export", "--output=a.onnx")


def test_an_option_that_a_config_misspells_is_answered_by_what_may_be_meant(refused: Digits) -> None:
    Path("my.yaml").write_text("trainer:\n  max_epoch: 1\n")
    message = refused("fit", "--config=my.yaml")
    assert "trainer.max_epoch, which" in message
    assert "did you mean --trainer.max_epochs? (options: digits fit --help)" in message
