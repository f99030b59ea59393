"""The mean of the weights of several checkpoints of one network, with temperature and doubt fitted anew.

python -m benchmarks.average OUT.ckpt A.ckpt 0.75 B.ckpt 0.25

Each checkpoint is followed by its share. Where one began with the weights of the other, their mean may read more than
either (Wortsman et al., 2022). Both are fitted on MNIST's validation images.
"""

import sys
from pathlib import Path

import torch

from benchmarks.reading import mnist
from digits.checkpoint import Checkpoint
from digits.doubt import fit_doubt
from digits.metrics import fit_temperature


def main() -> None:
    """Average, fit, and save what predicting needs."""
    out, *rest = sys.argv[1:]
    files, shares = [Checkpoint.read(Path(path)) for path in rest[::2]], [float(share) for share in rest[1::2]]
    states = [file.content["state_dict"] for file in files]
    content = {key: value for key, value in files[0].stripped().items() if key != "fingerprints"}
    content["state_dict"] = {
        name: sum(share * state[name] for share, state in zip(shares, states, strict=True)).to(value.dtype)
        for name, value in states[0].items()
    }
    network = Checkpoint(Path(out), content).network()
    network.temperature = 1.0
    val = mnist("validation")
    with torch.inference_mode():
        logits = torch.cat([network.eval_logits(images) for images in torch.from_numpy(val.images).split(500)])
    content["temperature"] = fit_temperature(logits, torch.from_numpy(val.labels))
    content["doubt"] = fit_doubt((logits / content["temperature"]).softmax(dim=1))._asdict()
    torch.save(content, out)


if __name__ == "__main__":
    main()
