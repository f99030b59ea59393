"""When a prediction is to be doubted: one rule for the command line, for Python and for the page to draw on.

The rule looks at the confidence alone. Where a network was trained to give even probabilities to what is no digit (see
digits/augment), it says as much as energy, Mahalanobis distance or nearest neighbours in the last hidden layer. The
thresholds are set so that few of the validation images lie below them, and kept in the checkpoint.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

UNSURE, NOT_A_DIGIT = "unsure", "probably not a digit"

# The shares of validation images below the thresholds.
UNSURE_SHARE, NOT_A_DIGIT_SHARE = 0.005, 0.001
EVEN = 0.5  # below it, a prediction is likelier wrong than right, however many a poor network makes so


class Doubt(NamedTuple):
    """Confidences, 0 to 1, below which a prediction is doubted.

    The defaults are for networks about which nothing better is known.
    """

    unsure: float = 0.9
    not_a_digit: float = 0.0

    def note(self, confidence: float) -> str:
        """What to say about a prediction of that confidence, the largest probability; "" if there is no doubt."""
        if confidence < self.not_a_digit:
            return NOT_A_DIGIT
        return UNSURE if confidence < self.unsure else ""


def fit_doubt(probabilities: Tensor) -> Doubt:
    """Set the thresholds.

    Args:
        probabilities: of images of digits that the network was not trained on, (N, K), each row summing to 1.

    Returns:
        Thresholds with 0.5% and 0.1% of the images below them; `unsure` is at least one half.
    """
    confidences = probabilities.amax(dim=1).double()
    shares = torch.tensor([UNSURE_SHARE, NOT_A_DIGIT_SHARE], dtype=torch.float64, device=confidences.device)
    # Rounded down: a network that is sure of all it saw would otherwise doubt everything below 1.
    unsure, not_a_digit = (math.floor(1e4 * float(value)) / 1e4 for value in confidences.quantile(shares))
    return Doubt(max(unsure, EVEN), not_a_digit)
