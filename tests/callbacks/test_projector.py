from pathlib import Path

import torch
from PIL import Image

from digits.data import MNISTDataModule
from digits.models import LargeCNN
from tests.helpers import Digits

FIT = ("--model=LargeCNN", "--trainer.max_epochs=2", "--name=run")
RUN = Path("lightning_logs/run/version_0")


def test_the_projector_shows_the_last_hidden_layer(digits: Digits) -> None:
    digits("fit", *FIT)
    digits("test", "--name=run")
    vectors = torch.frombuffer(bytearray((RUN / "projector_vectors.bytes").read_bytes()), dtype=torch.float32)
    checkpoint = torch.load(RUN / "checkpoints/best.ckpt", weights_only=True)
    model = LargeCNN()
    model.load_state_dict(checkpoint["state_dict"])
    model.eval()
    data = MNISTDataModule()
    data.setup("test")
    images, labels = data.on_after_batch_transfer(data.test[torch.arange(90)], 0)
    torch.testing.assert_close(vectors.view(90, 50), model.layers[:-1](images).detach(), atol=1e-5, rtol=1e-5)
    assert (RUN / "projector_labels.tsv").read_text().split() == [str(n) for n in labels.tolist()]
    with Image.open(RUN / "projector_sprite.png") as sprite:
        assert sprite.size == (280, 280)
    assert "tensor_shape: 90\n  tensor_shape: 50" in (RUN / "projector_config.pbtxt").read_text()
