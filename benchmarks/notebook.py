"""Run the notebook from top to bottom, and store its outputs in it.

python -m benchmarks.notebook            # needs nbclient and ipykernel
python -m benchmarks.notebook --check    # stores nothing; an error if the outputs of a cell are of another kind, after
                                         # a short training
"""

import argparse
import os
import re
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from benchmarks.record import ROOT

NOTEBOOK = ROOT / "notebooks/nine_steps.ipynb"


def run(path: Path = NOTEBOOK, batches: int | None = None) -> nbformat.NotebookNode:
    """The notebook with the outputs of a run in an empty folder; what was on the error stream is kept as well.

    Args:
        path: the notebook.
        batches: how many are trained on in each epoch, by default all; the cell that trains says so then.
    """
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells if batches is not None else ():
        cell.source = cell.source.replace("max_epochs=3,", f"max_epochs=3, limit_train_batches={batches},")
    with tempfile.TemporaryDirectory() as folder:
        paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
        client = NotebookClient(
            notebook,
            timeout=600,
            kernel_name="python3",
            coalesce_streams=True,
            resources={"metadata": {"path": folder}},
        )
        client.execute(env={**os.environ, "PYTHONPATH": paths})
    for cell in notebook.cells:
        cell.metadata = {}  # the times of this run
        for output in cell.get("outputs", []):
            output.get("data", {}).pop("image/jpeg", None)  # a picture comes as PNG, too
    return notebook


def outputs(notebook: nbformat.NotebookNode) -> list[list[tuple[str, str]]]:
    """Of each cell the kinds of its outputs and what they say, less figures, which differ between machines."""
    return [
        [
            (one.get("name") or " ".join(sorted(one["data"])), re.sub(r"[\d.,]+", "#", one.get("text", "")))
            for one in cell.get("outputs", [])
        ]
        for cell in notebook.cells
    ]


def main() -> None:
    """Store the outputs, or compare them with those that are stored."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="store nothing, but compare")
    args = parser.parse_args()
    notebook = run(batches=50 if args.check else None)
    if not args.check:
        nbformat.write(notebook, NOTEBOOK)
        print(f"Written: {NOTEBOOK.relative_to(ROOT)}")
        return
    pairs = zip(outputs(notebook), outputs(nbformat.read(NOTEBOOK, as_version=4)), strict=True)
    different = [f"cell {i}: {now}, stored: {before}" for i, (now, before) in enumerate(pairs) if now != before]
    if different:
        sys.exit("\n".join(different))


if __name__ == "__main__":
    main()
