"""Opening a picture file, whatever it holds."""

import warnings
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps

MAX_PIXELS = 100_000_000
DRAFT = 1024  # pixels along the longer side that a JPEG file is decoded to at least, if it has them


def read_picture(file: Path | BytesIO) -> Image.Image:
    """Read the first frame of a picture, upright, whatever its format.

    Args:
        file: the picture's file, or its content.

    Raises:
        ValueError: it can't be read; the message says why in a few words.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd metadata, and of sizes below the bound
            with Image.open(file) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise ValueError(f"{image.width}×{image.height} pixels are more than {MAX_PIXELS // 10**6} million")
                image.draft("L", (DRAFT, DRAFT))  # JPEG: decode no more than is needed
                image.load()
                return ImageOps.exif_transpose(image)
    except PermissionError:
        raise ValueError("no permission") from None
    except Image.DecompressionBombError:
        raise ValueError(f"more than {MAX_PIXELS // 10**6} million pixels") from None
    except Image.UnidentifiedImageError:
        size = file.stat().st_size if isinstance(file, Path) else len(file.getbuffer())
        raise ValueError("not a picture" if size else "empty file") from None
    except ValueError:
        raise
    except Exception as error:  # decoders raise whatever their format's damage leads to
        raise ValueError(f"damaged ({error})") from None
