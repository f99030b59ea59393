"""Grey levels of pictures of any mode."""

import numpy as np
from PIL import Image

from digits.data.locate import Grey


def to_grey(image: Image.Image) -> Grey:
    """Grey levels of a picture of any mode, (H, W), 0 to 255; transparency becomes the paper that the ink needs."""
    if image.mode.startswith("I") or image.mode == "F":  # 16 bits and more
        levels = np.array(image)
        unsigned = levels.view(np.uint32) if image.mode == "I" and levels.min(initial=0) < 0 else levels
        values = np.nan_to_num(unsigned.astype(np.float32), posinf=0, neginf=0)
        low, high = 0.0, 65535.0 if values.max(initial=0) > 255 else 255.0
        if image.mode == "F" or values.max(initial=0) > high:  # their levels have no usual range
            low, high = float(values.min(initial=0)), float(values.max(initial=1))
        return np.asarray(np.clip((values - low) / (high - low), 0, 1) * 255, dtype=np.float32)
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        ink = np.asarray(rgba.convert("RGB").convert("L"), dtype=np.float32)
        alpha = np.asarray(rgba.getchannel("A"), dtype=np.float32) / 255
        dark = (ink * alpha).sum() < 127.5 * alpha.sum()
        return np.asarray(ink * alpha + (255 if dark else 0) * (1 - alpha), dtype=np.float32)
    return np.asarray(image.convert("RGB").convert("L"), dtype=np.float32)
