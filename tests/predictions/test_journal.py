import os
from io import BytesIO
from pathlib import Path

import pytest
import torch
from torch import nn

from digits.errors import InputError
from digits.predictions.journal import Finished, Journal, fingerprint_of_files, fingerprint_of_network

MADE_OF = {"network": "a", "list of files": "b"}
BATCHES = [Finished(f"{i}.png,\udcff\n", [f"{i}.png: {i}"], {"images": 1}) for i in range(3)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An output of which two batches are finished."""
    journal = Journal(tmp_path / "out.csv", MADE_OF)
    for finished in BATCHES[:2]:
        journal.add(finished)
    journal.close(keep=True)
    return tmp_path / "out.csv"


def part(path: Path) -> Path:
    return path.with_name("out.csv.part")


def test_the_same_command_goes_on(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journal = Journal(path, MADE_OF)
    assert (journal.done, journal.counts) == (2, {"images": 2})
    journal.add(BATCHES[2])
    assert list(journal) == BATCHES
    journal.close(keep=False)
    assert list(path.parent.iterdir()) == []
    assert "Going on after 2 images that out.csv.part holds" in capsys.readouterr().err


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_what_is_half_written_is_written_anew(path: Path, cut: int) -> None:
    whole = part(path).read_bytes()
    part(path).write_bytes(whole[:-cut])
    journal = Journal(path, MADE_OF)
    assert journal.done == 1
    journal.add(BATCHES[1])
    assert part(path).read_bytes() == whole
    journal.close(keep=False)


def test_another_command_starts_anew_and_says_why(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journal = Journal(path, {**MADE_OF, "list of files": "c"})
    assert journal.done == 0
    assert "Starting anew: out.csv.part is of another list of files" in capsys.readouterr().err
    journal.close(keep=True)
    assert not part(path).exists()  # there is nothing in it


def test_a_file_of_another_program_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out.csv.part").write_text("a download\n")
    with pytest.raises(InputError, match=r"out\.csv\.part is another program's"):
        Journal(tmp_path / "out.csv", MADE_OF)
    assert part(tmp_path / "out.csv").read_text() == "a download\n"
    part(tmp_path / "out.csv").unlink()
    os.mkfifo(part(tmp_path / "out.csv"))
    with pytest.raises(InputError, match="is no file"):
        Journal(tmp_path / "out.csv", MADE_OF)


def test_two_do_not_write_one_file(path: Path) -> None:
    journal = Journal(path, MADE_OF)
    with pytest.raises(InputError, match=r"out\.csv is being written by another process"):
        Journal(path, MADE_OF)  # the lock is one between opened files, not between processes
    assert journal.done == 2
    journal.close(keep=False)


def test_files_are_told_apart_by_name_size_and_time(tmp_path: Path) -> None:
    names = [str(tmp_path / name) for name in ("a", "b")]
    seen = [fingerprint_of_files(names)]
    for content in ("1", "22"):
        Path(names[0]).write_text(content)
        seen.append(fingerprint_of_files(names))
    os.utime(names[0], (1, 1))
    seen += [fingerprint_of_files(names), fingerprint_of_files(names[:1]), fingerprint_of_files([BytesIO(b"1")])]
    assert len({*seen}) == len(seen)
    assert fingerprint_of_files(names) == seen[3]


def test_networks_are_told_apart_by_weights_and_settings() -> None:
    torch.manual_seed(0)
    network = nn.Linear(2, 2)
    seen = [fingerprint_of_network(network)] * 2
    assert seen[0] == fingerprint_of_network(network)
    network.tta = True  # type: ignore[assignment]
    seen.append(fingerprint_of_network(network))
    nn.init.zeros_(network.bias)
    seen.append(fingerprint_of_network(network))
    assert len({*seen}) == 3
