"""The number of threads is that of the cores that a process may use."""

import math
import os
from pathlib import Path

import pytest
import torch

from digits.fast.threads import CGROUPS, quota, use_threads, were_chosen
from tests.helpers import Digits


@pytest.fixture(autouse=True)
def two_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "put back")  # whatever a test makes of it
    monkeypatch.delenv("OMP_NUM_THREADS")
    said = [2]  # as it is said alone, tests do not wait for threads of other tests
    monkeypatch.setattr(torch, "get_num_threads", lambda: said[0])
    monkeypatch.setattr(torch, "set_num_threads", lambda n: said.__setitem__(0, n))


VERSION_2 = {"app/job/cpu.max": "max 100000\n", "app/cpu.max": "150000 100000\n", "cpu.max": "300000 100000\n"}
VERSION_1 = {"cpu/app/cpu.cfs_quota_us": "-1\n", "cpu/app/cpu.cfs_period_us": "100000\n"}
CONTAINER = {"cpu,cpuacct/cpu.cfs_quota_us": "50000\n", "cpu,cpuacct/cpu.cfs_period_us": "100000\n"}


@pytest.mark.parametrize(
    ("own", "files", "cores"),
    [
        ("0::/app/job\n", VERSION_2, 1.5),
        ("0::/\n", VERSION_2, 3),
        ("0::/\n", {}, math.inf),
        ("", VERSION_2, math.inf),
        ("0::/\n", {"cpu.max": "nonsense"}, math.inf),
        ("1:cpu:/app\n", VERSION_1, math.inf),
        ("1:cpu:/app\n", VERSION_1 | {"cpu/app/cpu.cfs_quota_us": "250000"}, 2.5),
        ("4:cpu,cpuacct:/docker/0123\n", CONTAINER, 0.5),  # a path of the host, which a container does not see
        ("3:cpuset:/app\n1:cpu:/\n0::/\n", VERSION_2 | VERSION_1, 3),
        ("0::/../../elsewhere\n", VERSION_2, 3),
    ],
)
def test_quota_is_the_least_of_all_groups(own: str, files: dict[str, str], cores: float, tmp_path: Path) -> None:
    (tmp_path / "own").write_text(own)
    for name, text in files.items():
        path = tmp_path / "cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert quota(tmp_path / "cgroup", tmp_path / "own") == cores


def test_quota_of_a_group_of_this_machine() -> None:
    mount = next((one for one in (CGROUPS / "cpu", CGROUPS) if (one / "cgroup.procs").is_file()), CGROUPS)
    group, before = mount / f"digits_test_{os.getpid()}", quota()
    try:
        group.mkdir()
    except OSError:
        pytest.skip("control groups can't be made here")
    try:
        if mount.name == "cpu":
            (group / "cpu.cfs_quota_us").write_text("70000")
            (group / "cpu.cfs_period_us").write_text("100000")
        else:
            (group / "cpu.max").write_text("70000 100000")
        (group / "cgroup.procs").write_text(str(os.getpid()))
        assert quota() == 0.7
        use_threads(None)
        assert torch.get_num_threads() == 1
    except OSError:
        pytest.skip("processes can't be moved here")
    finally:
        (mount / "cgroup.procs").write_text(str(os.getpid()))
        group.rmdir()
    assert quota() == before


@pytest.mark.parametrize(("cores", "threads"), [(math.inf, 2), (1.9, 1), (0.2, 1), (64, 2)])
def test_a_quota_bounds_the_threads(cores: float, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digits.fast.threads.quota", lambda: cores)
    use_threads(None)
    assert torch.get_num_threads() == threads
    assert not were_chosen()


def test_what_the_user_says_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digits.fast.threads.quota", lambda: 0.5)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    use_threads(None)
    assert torch.get_num_threads() == 2
    use_threads(3)
    assert torch.get_num_threads() == 3
    assert os.environ["OMP_NUM_THREADS"] == "3"
    assert were_chosen()


@pytest.mark.slow
def test_option(digits: Digits, refused: Digits) -> None:
    assert "cpu with 1 thread," in digits("fit", "--model=MLP", "--trainer.max_epochs=1", "--threads=1")
    assert torch.get_num_threads() == 1
    assert "cpu with 2 threads," in digits("test", "--name=MLP", "--threads=2")
    assert "threads" in refused("test", "--name=MLP", "--threads=0")
    assert "threads" in refused("test", "--name=MLP", "--threads=all")
