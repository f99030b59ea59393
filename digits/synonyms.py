"""What other programs call the commands and options of this one."""

COMMANDS = {
    "train": "fit",
    "finetune": "fit",
    "eval": "test",
    "evaluate": "test",
    "score": "test",
    "val": "validate",
    "infer": "predict",
    "read": "predict",
    "recognize": "predict",
    "convert": "export",
    "draw": "demo",
    "serve": "demo",
    "runs": "list",
}
OPTIONS = {  # the last part of their names
    "batch": "batch_size",
    "checkpoint": "ckpt_path",
    "device": "accelerator",
    "epochs": "max_epochs",
    "gpus": "devices",
    "learning_rate": "lr",
    "nepochs": "max_epochs",
    "num_epochs": "max_epochs",
    "resume": "ckpt_path",
    "seed": "seed_everything",
    "wd": "weight_decay",
    "weights": "ckpt_path",
    "workers": "num_workers",
}
