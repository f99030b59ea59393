"""Reading pictures on a cluster that loses a machine."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.helpers import ROOT, seven

pytestmark = pytest.mark.slow


def test_pictures_are_read_on_two_workers_of_which_one_is_killed(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    from pyarrow import parquet
    from ray.cluster_utils import Cluster

    (tmp_path / "scans").mkdir()
    names = [str(tmp_path / f"scans/{i}.png") for i in range(300)]
    for i, name in enumerate(names):
        seven(100 + i % 20).save(name)
    Path(names[7]).write_bytes(b"\x89PNG nothing")
    environment = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "RAY_raylet_start_wait_time_s": "300"}
    os.environ.update(environment)  # of the workers, too
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "object_store_memory": 100_000_000})
    workers = [cluster.add_node(num_cpus=1, object_store_memory=100_000_000) for _ in range(2)]
    try:
        cluster.wait_for_nodes()
        job = subprocess.Popen(
            [sys.executable, ROOT / "examples/ray_predict.py", tmp_path / "scans", tmp_path / "read", "--blocks=30"],
            env={**os.environ, "RAY_ADDRESS": cluster.address},
        )
        while not list((tmp_path / "read").glob("*.parquet")):
            assert job.poll() is None
            time.sleep(0.1)
        cluster.remove_node(workers[1], allow_graceful=False)
        assert job.wait(timeout=500) == 0
    finally:
        cluster.shutdown()
    read = {row["path"]: row for row in parquet.read_table(tmp_path / "read").to_pylist()}
    assert sorted(read) == sorted(names)
    assert read[names[7]]["note"].startswith("unreadable")
    assert {row["text"] for name, row in read.items() if name != names[7]} == {"7"}
