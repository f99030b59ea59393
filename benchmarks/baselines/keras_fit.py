"""Keras 3 on TensorFlow: the networks of the tutorials, compiled and fitted as their READMEs show.

python -m benchmarks.baselines.keras_fit NETWORK DATA.npz --epochs 10 --batch_size 200 --model KEEP.keras
python -m benchmarks.baselines.keras_fit NETWORK DATA.npz --predict KEEP.keras
"""

import argparse
import json
import os
import time
from typing import Any

import numpy as np

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"  # before the import that it is for
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
from keras import layers


def network(name: str) -> keras.Model:
    """The network `name`, compiled, for images of (N, 28, 28), 0 to 1."""
    relu: dict[str, Any] = {"activation": "relu"}
    hidden = {
        "mlp": [layers.Flatten(), layers.Dense(784, **relu)],
        "dense": [layers.Flatten(), layers.Dense(128, **relu), layers.Dense(128, **relu)],
        "small_cnn": [
            layers.Reshape((28, 28, 1)),
            layers.Conv2D(32, 5, **relu),
            layers.MaxPooling2D(),
            layers.Dropout(0.2),
            layers.Flatten(),
            layers.Dense(128, **relu),
        ],
        "large_cnn": [
            layers.Reshape((28, 28, 1)),
            layers.Conv2D(30, 5, **relu),
            layers.MaxPooling2D(),
            layers.Conv2D(15, 3, **relu),
            layers.MaxPooling2D(),
            layers.Dropout(0.2),
            layers.Flatten(),
            layers.Dense(128, **relu),
            layers.Dense(50, **relu),
        ],
    }[name]
    model = keras.Sequential([layers.Input((28, 28)), *hidden, layers.Dense(10, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def main() -> None:
    """Train and test, or predict the training and validation images together: 60,000."""
    parser = argparse.ArgumentParser()
    parser.add_argument("network")
    parser.add_argument("data")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch_size", type=int, default=200)
    parser.add_argument("--model", default="model.keras")
    parser.add_argument("--predict", action="store_true")
    args = parser.parse_args()
    data = np.load(args.data)
    if args.predict:
        model = keras.models.load_model(args.model)
        many = np.concatenate([data["train_images"], data["val_images"]]) / 255.0
        start = time.monotonic()
        probabilities = model.predict(many, verbose=0)
        print(json.dumps({"images a second": round(len(probabilities) / (time.monotonic() - start))}))
        return
    images = {split: data[f"{split}_images"] / 255.0 for split in ("train", "val", "test")}
    model = network(args.network)
    model.fit(
        images["train"],
        data["train_labels"],
        validation_data=(images["val"], data["val_labels"]),
        epochs=args.epochs,
        batch_size=args.batch_size,
        verbose=2,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: print("end of epoch", flush=True))],
    )
    _, accuracy = model.evaluate(images["test"], data["test_labels"], verbose=0)
    model.save(args.model)
    print(json.dumps({"error": 1 - accuracy}))


if __name__ == "__main__":
    main()
