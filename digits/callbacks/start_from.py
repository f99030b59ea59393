"""Start training from the weights of another run, in place of random ones."""

from lightning.pytorch import Callback, LightningModule, Trainer

from digits.checkpoint import Checkpoint
from digits.runs import find_checkpoint


class StartFrom(Callback):
    """Give a network the weights of a checkpoint before it is trained; all else begins anew.

    To train further on other data or by another recipe: the learning rate rises and falls as in any run. A run that is
    resumed (`--ckpt_path`) keeps its own weights.

    Args:
        checkpoint: a file that `fit` wrote, the folder of a run, whose best checkpoint is taken, or "pretrained", for
            the weights that come with the package.
    """

    def __init__(self, checkpoint: str) -> None:
        self.checkpoint = checkpoint

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        if stage != "fit" or trainer.ckpt_path is not None:
            return
        known = Checkpoint.read(find_checkpoint(self.checkpoint))
        if known.class_path != f"{type(pl_module).__module__}.{type(pl_module).__qualname__}":
            known.refuse(f"holds a {known.class_name}, but the network to train is a {type(pl_module).__name__}")
        try:
            pl_module.load_state_dict(known.content["state_dict"])
        except RuntimeError as error:
            known.refuse(f"does not fit {known.class_name}: {str(error).splitlines()[-1].strip()}")
