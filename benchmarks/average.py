"""The mean of the weights of several checkpoints of one network, with temperature and doubt fitted anew.

python -m benchmarks.average OUT.ckpt A.ckpt 0.75 B.ckpt 0.25 [--second_look 0.97]

Each checkpoint is followed by its share. Where one began with the weights of the other, their mean may read more than
either (Wortsman et al., 2022). Temperature and doubt are fitted on MNIST's validation images.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks.reading import mnist
from digits.callbacks.calibration import calibrate
from digits.checkpoint import Checkpoint
from digits.doubt import fit_doubt
from digits.network import Network


def logits_of(network: Network, images: np.ndarray) -> Tensor:
    """Of images, (N, 28, 28) uint8; (N, K)."""
    with torch.inference_mode():
        return torch.cat([network.eval_logits(some) for some in torch.from_numpy(images).split(500)])


def main() -> None:
    """Average, fit, and save what predicting needs."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("parts", nargs="+", metavar="CHECKPOINT SHARE")
    parser.add_argument("--second_look", type=float, default=0.0, help="confidence below which it looks again")
    args = parser.parse_args()
    files = [Checkpoint.read(Path(path)) for path in args.parts[::2]]
    shares = [float(share) for share in args.parts[1::2]]
    states = [file.content["state_dict"] for file in files]
    content = {key: value for key, value in files[0].stripped().items() if key != "fingerprints"}
    content["state_dict"] = {
        name: sum(share * state[name] for share, state in zip(shares, states, strict=True)).to(value.dtype)
        for name, value in states[0].items()
    }
    network = Checkpoint(args.out, content).network()
    network.temperature, network.second_look = 1.0, 0.0
    val = mnist("validation")
    calibrate(network, logits_of(network, val.images), torch.from_numpy(val.labels))
    network.second_look = args.second_look
    network.doubt = fit_doubt(logits_of(network, val.images).softmax(dim=1))
    content |= {"temperature": network.temperature, "second_look": network.second_look}
    content["doubt"] = network.doubt._asdict()
    torch.save(content, args.out)


if __name__ == "__main__":
    main()
