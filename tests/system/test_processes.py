"""Several processes, as a user starts them, on small data."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.helpers import csv_rows, draw, write_csv

pytestmark = pytest.mark.slow
LONG = ("fit", "--trainer.devices=2", "--trainer.strategy=ddp", "--trainer.max_epochs=15")
RUN = "lightning_logs/small/version_0"


def start(folder: Path, launcher: list[str], command: str, *args: str) -> subprocess.Popen[str]:
    line = [*launcher, "-m", "digits", command, "--config", "small.yaml", "--trainer.accelerator=cpu", *args]
    # Without the second, torch 2.15's torchrun keeps its store when it restarts processes, and a new process may read
    # there where a dead one listened.
    environment = os.environ | {"OMP_NUM_THREADS": "1", "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"}
    return subprocess.Popen(
        line, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finish(process: subprocess.Popen[str], status: int = 0) -> str:
    """What a process printed, once it has ended with `status`."""
    try:
        out, errors = process.communicate(timeout=300)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    assert process.returncode == status, errors
    return out


def digits(folder: Path, command: str, *args: str, processes: int = 1) -> str:
    several = [f"--trainer.devices={processes}", "--trainer.strategy=ddp"] if processes > 1 else []
    return finish(start(folder, [sys.executable], command, *several, *args))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """CSV files of 1,250 images, which are no even number of batches on any number of processes, and a network."""
    folder = tmp_path_factory.mktemp("processes")
    for name, n in [("train.csv", 330), ("test.csv", 1250)]:
        write_csv(folder / name, *draw(n, seed=n))
    (folder / "small.yaml").write_text(
        "model: {class_path: BatchNormCNN}\n"
        "data: {class_path: CSVDataModule, init_args: {train: train.csv, test: test.csv, predict: test.csv, "
        "batch_size: 20, val_size: 30, rotation: 10}}\n"
        "trainer: {max_epochs: 2}\n"
    )
    assert digits(folder, "fit", processes=2).count("Epoch 1/2") == 1
    assert [path.name for path in (folder / "lightning_logs/small").iterdir()] == ["version_0"]
    return folder


def test_any_number_of_processes_gives_the_same_figures_and_the_same_file(folder: Path) -> None:
    found = set()
    for processes in (1, 3):
        out = digits(folder, "test", processes=processes)
        assert "on 1,250 images" in out
        digits(folder, "predict", f"--predictions.path=p{processes}.csv", processes=processes)
        score = json.loads((folder / RUN / "test.json").read_text())["CSVDataModule"]
        found.add((json.dumps(score), (folder / f"p{processes}.csv").read_bytes()))
    assert len(found) == 1
    assert [int(row["id"]) for row in csv_rows(folder / "p3.csv")] == list(range(1250))
    assert not list(folder.glob(".p*"))


def torchrun(*args: str) -> list[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    return [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--rdzv-backend=c10d",
        f"--rdzv-endpoint=127.0.0.1:{port}",
        *args,
    ]


def weights(folder: Path, name: str, version: int = 0) -> dict[str, list[Any]]:
    path = folder / f"lightning_logs/{name}/version_{version}/checkpoints/last.ckpt"
    return {k: v.tolist() for k, v in torch.load(path, weights_only=True)["state_dict"].items()}


def test_two_runs_that_start_at_once_have_a_folder_each(folder: Path) -> None:
    for process in [start(folder, [sys.executable], "fit", "--name=twins") for _ in range(2)]:
        finish(process)
    assert weights(folder, "twins") == weights(folder, "twins", version=1)


def test_two_nodes_of_torchrun_train_to_the_same_weights_as_two_processes(folder: Path) -> None:
    fit = ("fit", "--trainer.strategy=ddp", "--trainer.num_nodes=2", "--name=nodes")
    launcher = torchrun("--nnodes=2", "--nproc_per_node=1")
    for node in [start(folder, [*launcher, f"--node_rank={rank}"], *fit) for rank in range(2)]:
        finish(node)
    assert weights(folder, "nodes") == weights(folder, "small")


@pytest.fixture(scope="module")
def whole(folder: Path) -> dict[str, list[Any]]:
    """The weights of a run that nothing disturbed."""
    digits(folder, *LONG, "--name=whole")
    return weights(folder, "whole")


def test_a_signal_stops_two_processes_at_the_same_step(folder: Path, whole: dict[str, list[Any]]) -> None:
    process = start(folder, [sys.executable], *LONG, "--name=stopped")
    wait_for_checkpoint(folder, "stopped", process)
    process.send_signal(signal.SIGTERM)
    assert "Stopped after step" in finish(process, status=143)
    digits(folder, *LONG, "--name=stopped", "--ckpt_path=last")
    assert weights(folder, "stopped") == whole


def wait_for_checkpoint(folder: Path, name: str, process: subprocess.Popen[str]) -> None:
    last = folder / f"lightning_logs/{name}/version_0/checkpoints/last.ckpt"
    while not last.is_file() and process.poll() is None:
        time.sleep(0.01)
    assert process.poll() is None


def test_torchrun_restarts_what_died_from_the_last_checkpoint(folder: Path, whole: dict[str, list[Any]]) -> None:
    job = start(folder, torchrun("--nproc_per_node=2", "--max-restarts=1"), *LONG, "--name=job")
    wait_for_checkpoint(folder, "job", job)
    workers = Path(f"/proc/{job.pid}/task/{job.pid}/children").read_text().split()
    os.kill(int(workers[-1]), signal.SIGKILL)
    assert "Checkpoint: lightning_logs/job/version_0/checkpoints/last.ckpt" in finish(job)
    assert weights(folder, "job") == whole
