"""Which file --config names, and what may stand in it."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from digits.cli import main
from digits.errors import InputError
from digits.options.config_files import CONFIGS, GROUPS, find_config, load_config, with_classes, with_configs
from tests.helpers import ROOT, Digits

SMALL = "model: {class_path: MLP, init_args: {hidden: [8]}}\n"


@pytest.mark.parametrize("name", ["mlp", "mlp.yaml", "configs/mlp.yaml", "configs/mlp"])
def test_a_name_means_the_packaged_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_config(name) == str(CONFIGS / "mlp.yaml")
    Path("mlp").mkdir()  # a folder is no config
    assert find_config(name) == str(CONFIGS / "mlp.yaml")


@pytest.mark.parametrize(
    "name", ["my/experiments/mlp.yaml", "../mlp.yaml", "mlp.yml", "/mlp.yaml", "configs/my/mlp.yaml"]
)
def test_another_path_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"there is no such file: did you mean mlp\?"):
        find_config(name)
    Path("mlp.yml").write_text(SMALL)
    assert find_config("mlp.yml") == "mlp.yml"


def test_a_misspelt_name_is_answered_by_the_nearest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"did you mean large_cnn\?"):
        find_config("lagre_cnn")
    with pytest.raises(InputError, match=r"packaged: .*small_cnn"):
        find_config("xyz")


@pytest.mark.parametrize(
    "order", ["--config=mine.yaml {}", "{} --config=mine.yaml", "{} --config mine.yaml", "{} -c mine.yaml"]
)
def test_the_command_line_wins_wherever_the_config_stands(
    digits: Digits, capsys: pytest.CaptureFixture[str], order: str
) -> None:
    Path("mine.yaml").write_text(SMALL + "trainer: {max_epochs: 7}\n")
    with pytest.raises(SystemExit):
        main(["fit", *order.format("--trainer.max_epochs=2").split(), "--print_config"])
    assert yaml.safe_load(capsys.readouterr().out)["trainer"]["max_epochs"] == 2


def test_the_config_of_a_run_is_meant_by_its_folder(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").touch()
    with pytest.raises(InputError, match=r"is a folder: did you mean .*config\.yaml\?"):
        find_config(str(tmp_path))


def test_of_two_configs_the_later_wins() -> None:
    args = with_configs(["fit", "--name=x", "--config=mlp", "--config", "dense"])
    assert args == ["fit", f"--config={CONFIGS}/mlp.yaml", f"--config={CONFIGS}/dense.yaml", "--name=x"]


@pytest.mark.parametrize("order", ["--data.path=x {}", "{} --data.path=x", "--data.several=true {} --data.path x"])
@pytest.mark.parametrize("named", ["--data=ImageDataModule", "--data ImageDataModule"])
def test_settings_may_stand_before_the_class_that_has_them(
    digits: Digits, capsys: pytest.CaptureFixture[str], order: str, named: str
) -> None:
    with pytest.raises(SystemExit):
        main(["predict", *order.format(named).split(), "--model=MLP", "--print_config"])
    assert yaml.safe_load(capsys.readouterr().out)["data"]["init_args"]["path"] == "x"


@pytest.mark.parametrize(
    ("options", "in_order"),
    [
        ("--model.lr 1 --model MLP", "--model MLP --model.lr 1"),
        ("--x 1 --model=A --data B", "--model=A --data B --x 1"),
        ("--x 1 --model=A --model B", "--x 1 --model=A --model B"),
        ("--model.lr 1 --model {class_path:MLP}", "--model.lr 1 --model {class_path:MLP}"),
        ("--model.lr 1 --model net.yaml --data A", "--model.lr 1 --model net.yaml --data A"),
        ("--x 1 --model", "--x 1 --model"),
        ("--x 1 --model --data", "--x 1 --model --data"),
    ],
)
def test_classes_that_are_named_come_first(options: str, in_order: str) -> None:
    assert with_classes(["fit", *options.split()]) == ["fit", *in_order.split()]


NESTED = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 9)
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "holds no settings"),
        ("model:", "holds no settings"),
        ("just text", "holds no settings"),
        ("[1, 2]", "holds no settings"),
        (NESTED, "aliases"),
        ("a: " + "[" * 3000, "level"),
        ("a: " + "[" * 3000 + "]" * 3000, "level"),
        ("a: " + "[" * 40 + "]" * 40, "more than 30 levels"),
        (f"seed_everything: {'9' * 20_000}", "not valid YAML"),
        ("a: [" + "1, " * 20_000 + "]", "nodes"),
        ("a: b: c", "not valid YAML"),
        ("trainer: 3", "trainer is to hold settings by name, got 3"),
        ("model: [MLP]", "model is to hold settings by name, got ['MLP']"),
        ("config: odd.yaml", "leads back to itself"),
        ("a: gr\udcf6\udcdfe", "is no text in UTF-8"),
        ("\x00", "not valid YAML"),
        ("!!python/object/apply:os.system ['true']", "not valid YAML"),
    ],
    ids=range(17),
)
def test_what_is_no_config_is_named_in_a_line(refused: Digits, text: str, reason: str) -> None:
    Path("odd.yaml").write_text(text, encoding="utf-8", errors="surrogateescape")
    message = refused("fit", "--config=odd.yaml")
    assert "--config odd.yaml" in message
    assert reason in message
    assert len(message) < 500


def test_commands_name_packaged_configs_by_name(digits: Digits) -> None:
    out = digits("fit", "--config=mlp", "--trainer.max_epochs=1", "--model.hidden=[8]", "--pictures=false")
    (line,) = (line for line in out.splitlines() if line.startswith("Next: "))
    assert line.startswith("Next: digits test --config mlp")
    assert "error" in digits(*shlex.split(line.removeprefix("Next: digits ")))


def test_a_config_may_send_the_predictions_to_standard_output(
    digits: Digits, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("out.yaml").write_text("predictions: {path: '-'}\n")
    out = digits("predict", "--ckpt_path=pretrained", "--config=out.yaml")
    assert out.startswith("id,prediction,confidence,p0,")
    assert out.count("\n") == 91


@pytest.mark.slow
def test_configs_are_in_utf8_on_machines_of_another_encoding(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(f"\ufeff{SMALL}name: größe # 数字\n", encoding="utf-8")
    program = """
from digits.__main__ import main
try:
    main(["fit", "--config=own.yaml", "--print_config"])
except SystemExit:
    main(["fit", "--config=own.yaml"])
"""  # one process: most of its time is that of importing
    encoding = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, **encoding, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
    )
    assert "name: größe\n" in done.stdout, done.stderr
    assert done.returncode == 1
    assert "error: the name größe" in done.stderr  # the file system takes no such names
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("text", ["{epoch}-{val/loss:.2f}", "1e3", "a: b: c", "[", "? ", "%d", "é"])
def test_any_text_is_kept_in_a_config(text: str) -> None:
    assert load_config(yaml.safe_dump({"key": text})) == {"key": text}


def test_a_group_whose_settings_are_commented_out_is_not_there(digits: Digits) -> None:
    groups = "".join(f"{group}:\n  # nothing\n" for group in GROUPS if group != "model")
    Path("own.yaml").write_text(f"{groups}{SMALL}")
    assert "Epoch 10/10" in digits("fit", "--config=own.yaml", "--data.val_size=0", "--pictures=false")
    assert "Predictions:" in digits("predict", "--config=own.yaml")
