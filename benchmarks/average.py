"""The mean of the weights of several checkpoints of one network, with temperature and doubt fitted anew.

python -m benchmarks.average OUT.ckpt A.ckpt 0.75 B.ckpt 0.25

Each checkpoint is followed by its share. Where one began with the weights of the other, their mean may read more than
either (Wortsman et al., 2022). Temperature and doubt are fitted on MNIST's validation images.
"""

import argparse
from pathlib import Path

import torch

from benchmarks.reading import mnist
from digits.callbacks.calibration import calibrate
from digits.checkpoint import Checkpoint


def main() -> None:
    """Average, fit, and save what predicting needs."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("parts", nargs="+", metavar="CHECKPOINT SHARE")
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
    network.temperature = 1.0
    val = mnist("validation")
    with torch.inference_mode():
        logits = torch.cat([network.eval_logits(images) for images in torch.from_numpy(val.images).split(500)])
    calibrate(network, logits, torch.from_numpy(val.labels))
    content |= {"temperature": network.temperature, "doubt": network.doubt._asdict()}
    torch.save(content, args.out)


if __name__ == "__main__":
    main()
