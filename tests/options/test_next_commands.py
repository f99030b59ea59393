"""What is to be done next, by the data that a network was trained on."""

from pathlib import Path
from typing import Any

import pytest
from jsonargparse import Namespace

from digits.data import CSVDataModule, MixedDataModule, MNISTDataModule
from digits.models import Classifier
from digits.options.config_files import CONFIGS
from digits.options.next_commands import NextCommands

RUN = Path("lightning_logs/x/version_0")
OWN = f"{__name__}.Net"


class Net(Classifier):
    def __init__(self, width: int, lr: float = 0.1) -> None:
        super().__init__(lr)


def next_command(data: type, network: str = "digits.models.MLP", argv: tuple[str, ...] = (), **settings: Any) -> str:
    options = Namespace(
        config=None,
        model=Namespace(class_path=network, init_args=Namespace(width=5, lr=0.1)),
        data=Namespace(class_path=f"{data.__module__}.{data.__name__}", init_args=settings),
        trainer=Namespace(default_root_dir=None),
    )
    return NextCommands(["fit", *argv], options, "x", RUN.absolute()).next


@pytest.fixture(autouse=True)
def folder_with_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    RUN.mkdir(parents=True)


def test_mnist_is_tested_on() -> None:
    assert next_command(MNISTDataModule) == "digits test --name x"
    argv = (f"--model={OWN}", "--model.lr=0.1", "--model.width", "5", "--data.val_size=9")
    named = next_command(MNISTDataModule, OWN, argv)
    # Of the settings, those without a default.
    assert named == f"digits test --name x --model {OWN} --model.width 5 --data.val_size=9"


def test_a_run_that_is_not_the_newest_of_its_name_is_named() -> None:
    RUN.with_name("version_1").mkdir()
    assert next_command(MNISTDataModule) == f"digits test --name x --ckpt_path {RUN}"


def test_a_folder_of_runs_may_be_a_link() -> None:
    Path("lightning_logs").rename("elsewhere")
    Path("lightning_logs").symlink_to("elsewhere")
    assert next_command(MNISTDataModule) == "digits test --name x"
    RUN.with_name("version_1").mkdir()
    assert next_command(MNISTDataModule) == f"digits test --name x --ckpt_path {RUN}"


def test_rows_that_were_held_out_are_validated_on() -> None:
    argv = ("--data=CSVDataModule", "--data.train=train.csv")
    assert next_command(CSVDataModule, argv=argv, train="train.csv", val_size=9) == (
        "digits validate --name x --data=CSVDataModule --data.train=train.csv"
    )


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
def test_kaggle_s_other_file_is_predicted(suffix: str) -> None:
    Path("kaggle").mkdir()
    Path(f"kaggle/test{suffix}").touch()
    argv = ("--data.train", f"kaggle/train{suffix}", "--data.label", "785", "--data.transposed=true")
    command = next_command(CSVDataModule, argv=argv, train=f"kaggle/train{suffix}", val_size=0)
    assert command == (
        f"digits predict --name x --data CSVDataModule --data.predict kaggle/test{suffix} --data.label 785 "
        "--data.transposed=true"
    )


@pytest.mark.parametrize("name", ["train.csv", "rows.csv"])
def test_where_there_is_no_other_file_the_network_is_drawn_for(name: str) -> None:
    Path(name).touch()
    assert next_command(CSVDataModule, train=name, val_size=0) == f"digits demo --ckpt_path {RUN}"


def test_own_networks_are_named_to_the_page() -> None:
    assert next_command(MixedDataModule) == f"digits demo --ckpt_path {RUN}"
    assert next_command(MixedDataModule, OWN) == f"digits demo --ckpt_path {RUN} --networks {OWN}"


def test_a_command_is_repeated_with_all_of_its_options() -> None:
    argv = ["export", f"--config={CONFIGS / 'mlp.yaml'}", "--path", "my page.html", "--ckpt_path", "best"]
    assert NextCommands(argv, Namespace(), "x").again == "digits export --config=mlp --path 'my page.html'"
