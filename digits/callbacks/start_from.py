"""Start training from the weights of another run, in place of random ones."""

from lightning.pytorch import Callback, LightningModule, Trainer

from digits.checkpoint import Checkpoint
from digits.classifier import Classifier
from digits.console import fill, named, say
from digits.head import replace_head
from digits.network import TrainedOn
from digits.runs import find_checkpoint


class StartFrom(Callback):
    """Give a network the weights of a checkpoint before it is trained, and its scaling; all else begins anew.

    To train further on other data or by another recipe: the learning rate rises and falls as in any run. Where the
    images have other classes than those of the checkpoint, the last layer is a new one. A run that is resumed
    (`--ckpt_path`) keeps its own weights.

    Args:
        checkpoint: a file that `fit` wrote, the folder of a run, whose best checkpoint is taken, or "pretrained", for
            the weights that come with the package.
    """

    def __init__(self, checkpoint: str) -> None:
        self.checkpoint = checkpoint
        self.has_new_head = False
        self.is_quiet = False

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        if stage != "fit" or trainer.ckpt_path is not None:
            return
        known = Checkpoint.read(find_checkpoint(self.checkpoint))
        if known.class_path != f"{type(pl_module).__module__}.{type(pl_module).__qualname__}":
            known.refuse(f"holds a {known.class_name}, but the network to train is a {type(pl_module).__name__}")
        known.load_into(pl_module)
        if isinstance(pl_module, Classifier):
            pl_module.fingerprints = known.content.get("fingerprints")
            pl_module.second_look = known.content.get("second_look", 0.0)
            if known.trained_on is not None:
                self.take_over(known.trained_on, trainer, pl_module)

    def take_over(self, known: TrainedOn, trainer: Trainer, network: Classifier) -> None:
        """Scale the images as the weights expect it, and tell the classes of the data apart."""
        classes = tuple(getattr(trainer.datamodule, "classes", known.classes))  # type: ignore[attr-defined]
        if classes != known.classes:
            replace_head(network, len(classes))
            self.has_new_head = True
            if not self.is_quiet:
                say(fill(f"The last layer is new: it tells apart {named(classes)}, not {named(known.classes)}"))
        network.trained_on = known._replace(classes=classes)
