from pathlib import Path

import numpy as np
import torch
from PIL import Image

from digits.callbacks.projector import sprite
from digits.data import MNISTDataModule
from digits.models import MLP
from tests.helpers import Digits

RUN = Path("lightning_logs/MLP/version_0")


def test_the_projector_shows_the_last_hidden_layer(digits: Digits, trained: Digits) -> None:
    trained()
    digits("test", "--name=MLP", "--pictures=true")
    vectors = torch.frombuffer(bytearray((RUN / "projector_vectors.bytes").read_bytes()), dtype=torch.float32)
    checkpoint = torch.load(RUN / "checkpoints/best.ckpt", weights_only=True)
    model = MLP(hidden=[16])
    model.load_state_dict(checkpoint["state_dict"])
    model.eval()
    data = MNISTDataModule()
    data.setup("test")
    images, labels = data.on_after_batch_transfer(data.test[torch.arange(90)], 0)
    torch.testing.assert_close(vectors.view(90, 16), model.layers[:-1](images).detach(), atol=1e-5, rtol=1e-5)
    rows = [f"{label}\t{i}" for i, label in enumerate(labels.tolist())]
    assert (RUN / "projector_labels.tsv").read_text().splitlines() == ["class\timage", *rows]
    with Image.open(RUN / "projector_sprite.png") as sheet:
        assert sheet.size == (280, 280)
    assert "tensor_shape: 90\n  tensor_shape: 16" in (RUN / "projector_config.pbtxt").read_text()


def test_images_have_the_colour_of_their_class() -> None:
    images = torch.zeros(5, 28, 28, dtype=torch.uint8)
    images[:, 10:20, 10:20] = 255
    sheet = np.asarray(sprite(images, torch.tensor([0, 1, 2, 1, 0]), 10))
    assert sheet.shape == (84, 84, 3)  # three rows of three
    tiles = [sheet[28 * (i // 3) :, 28 * (i % 3) :][:28, :28] for i in range(9)]
    ink = [tuple(tile[15, 15].tolist()) for tile in tiles]
    assert ink[0] == ink[4] != ink[1] == ink[3] != ink[2] != ink[0]
    assert all((tile[5, 5] == 255).all() for tile in tiles)
    assert set(ink[5:]) == {(255, 255, 255)}
    everything = np.asarray(sprite(images[:1].expand(47, 28, 28), torch.arange(47), 47))
    assert len(np.unique(everything.reshape(-1, 3), axis=0)) == 48  # a colour per class, and white
