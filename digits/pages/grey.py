"""Grey levels of pictures of any mode."""

import numpy as np
from PIL import Image

from digits.pages.locate import Grey

DARK = 64  # grey levels: the dark paper of a drawing has less
HALF = 0.5  # of a drawing has exactly the level of its paper, at least
STEP = 4  # every so many rows and columns are looked at for it


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
        ink, alpha = ink_and_alpha(image.convert("RGBA"))
        return np.asarray(ink * alpha + paper_of(ink, alpha) * (1 - alpha), dtype=np.float32)
    grey = np.asarray(image.convert("RGB").convert("L"), dtype=np.float32)
    return grey if image.mode in ("1", "L") or not is_dark_drawing(grey) else to_value(image)


def is_dark_drawing(grey: Grey) -> bool:
    """Whether half of a picture has one dark level, as in drawing programs."""
    some = grey[::STEP, ::STEP]
    level = np.median(some)
    return bool(level < DARK and np.mean(np.abs(some - level) < 1) >= HALF)


def to_value(image: Image.Image) -> Grey:
    """The strongest colour of each pixel: pure blue, which is hardly lighter than black, is as light as white."""
    return np.asarray(image.convert("RGB"), dtype=np.float32).max(axis=2)


def ink_and_alpha(rgba: Image.Image) -> tuple[Grey, Grey]:
    """The grey levels of a picture, 0 to 255, and how opaque it is, 0 to 1."""
    ink = np.asarray(rgba.convert("RGB").convert("L"), dtype=np.float32)
    return ink, np.asarray(rgba.getchannel("A"), dtype=np.float32) / np.float32(255)


def paper_of(ink: Grey, alpha: Grey) -> int:
    """The grey level of the paper that transparent ink needs: white, or black if the ink is light."""
    return 255 if (ink * alpha).sum() <= 127.5 * alpha.sum() else 0


def to_rgb(image: Image.Image) -> Image.Image:
    """A picture of any mode to look at: its 16 bits and its transparency as `to_grey` reads them, and its colours."""
    if image.mode.startswith("I") or image.mode == "F":
        return Image.fromarray(to_grey(image).astype(np.uint8)).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    rgba = image.convert("RGBA")
    paper = Image.new("RGBA", rgba.size, (paper_of(*ink_and_alpha(rgba)),) * 3)
    return Image.alpha_composite(paper, rgba).convert("RGB")
