"""The networks: layers of `digits.layers`, which `Classifier` trains and scores."""

from typing import Any

from digits import layers
from digits.classifier import Classifier as Classifier


class MLP(Classifier):
    """A multilayer perceptron on the flattened image.

    With one hidden layer of 784 units, the baseline of the widespread Keras tutorial on MNIST (623,290 parameters);
    with two of 128, its smaller sibling (118,282).

    Args:
        hidden: units of each hidden layer.
        lr: the highest learning rate of the one-cycle schedule.
        training: what all networks share; see Classifier.
    """

    def __init__(self, hidden: list[int] = [784], lr: float = 2e-3, **training: Any) -> None:  # noqa: B006
        super().__init__(lr, **training)
        self.layers = layers.mlp(hidden)


class SmallCNN(Classifier):
    """One convolution, 592,074 parameters: the simple CNN of the Keras tutorial.

    Args:
        lr: the highest learning rate of the one-cycle schedule.
        training: what all networks share; see Classifier.
    """

    def __init__(self, lr: float = 3e-3, **training: Any) -> None:
        super().__init__(lr, **training)
        self.layers = layers.small_cnn()


class LargeCNN(Classifier):
    """Two convolutions, 59,933 parameters: the larger CNN of the Keras tutorial.

    Args:
        lr: the highest learning rate of the one-cycle schedule.
        training: what all networks share; see Classifier.
    """

    def __init__(self, lr: float = 5e-3, **training: Any) -> None:
        super().__init__(lr, **training)
        self.layers = layers.large_cnn()


class KaggleCNN(Classifier):
    """Four convolutions, 887,530 parameters: Yassine Ghouzam's kernel for Kaggle's Digit Recognizer (2017).

    Args:
        lr: the highest learning rate of the one-cycle schedule.
        training: what all networks share; see Classifier.
    """

    def __init__(self, lr: float = 1e-3, **training: Any) -> None:
        super().__init__(lr, **training)
        self.layers = layers.kaggle_cnn()


class BatchNormCNN(Classifier):
    """Four convolutions with batch normalisation (Ioffe and Szegedy, 2015), 226,186 parameters.

    Args:
        lr: the highest learning rate of the one-cycle schedule.
        training: what all networks share; see Classifier.
    """

    def __init__(self, lr: float = 5e-3, **training: Any) -> None:
        super().__init__(lr, **training)
        self.layers = layers.batchnorm_cnn()


class DeepCNN(Classifier):
    """Six convolutions with batch normalisation, 576,106 parameters: as few errors as can be had in half an hour.

    The first convolution is followed by pooling at once, because on a CPU the large images are most of the time.

    Args:
        width: how many times as many filters each convolution has.
        lr: the highest learning rate of the one-cycle schedule.
        training: what all networks share; see Classifier.
    """

    def __init__(self, width: float = 1.0, lr: float = 4e-3, **training: Any) -> None:
        super().__init__(lr, **training)
        self.layers = layers.deep_cnn(width)


class FastCNN(Classifier):
    """Three convolutions, the first with stride 2, 29,610 parameters: 99% in as little time as can be had on a CPU.

    Args:
        lr: the highest learning rate of the one-cycle schedule.
        training: what all networks share; see Classifier.
    """

    def __init__(self, lr: float = 1e-2, **training: Any) -> None:
        super().__init__(lr, **training)
        self.layers = layers.fast_cnn()
