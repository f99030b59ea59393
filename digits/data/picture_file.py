"""Opening a picture file that anybody may have made: in bounded memory and time, whatever it holds.

What bounds it: only the formats below are decoded, by Pillow itself and no other program; the size is read before
anything is allocated; the decoder gets its bytes through `BoundedFile`, which stops it when it reads or computes too
much; and what comes out is reduced to at most `LARGEST` pixels along each side.
"""

import re
import struct
import threading
import time
import warnings
from contextlib import nullcontext, suppress
from io import BytesIO
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import IO

from PIL import Image, ImageOps

SUFFIXES = {".png", ".apng", ".jpg", ".jpeg", ".jfif", ".jpe", ".bmp", ".dib", ".gif", ".tif", ".tiff", ".webp"}
UNREAD = {  # pictures, and what holds them, of formats that Pillow alone can't read
    *(".heic", ".heif", ".avif", ".jp2", ".j2k", ".jxl", ".pdf", ".svg", ".psd", ".xcf", ".tga"),
    *(".pbm", ".pgm", ".pnm", ".ppm"),  # as scanners save them
    *(".dng", ".raw", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2"),  # as cameras save them
}
ARCHIVES = {".zip", ".rar", ".7z"}  # in which pictures are handed in
UNREAD_STARTS = {  # what is among their first bytes, whatever the file is called
    **{b"ftyphei": "HEIC", b"ftypmif1": "HEIC", b"ftypavif": "AVIF", b"jP  ": "JPEG 2000", b"JXL ": "JPEG XL"},
    **{b"%PDF": "PDF", b"<svg": "SVG", b"8BPS": "PSD"},
}
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF")  # the last two only load Pillow's other plugins when needed

MAX_PIXELS = 100_000_000
MAX_PIXELS_AT_ONCE = 40_000_000  # of what is decoded in one piece: TIFF, WebP, progressive JPEG
MAX_SIDE = 65_535  # pixels; no JPEG file has more
MAX_BYTES = 1 << 29  # of a file
MAX_SECONDS = 4.0  # of computing; 100 megapixels of noise take 2 (two cores of an AMD EPYC)
DRAFT = 1024  # pixels along each side that a JPEG file is decoded to at least, if it has them
LARGEST = 4096  # pixels along each side that a picture is reduced to
STRIP = 1_000_000  # pixels that are reduced at a time
LARGE = 16_000_000  # pixels; of larger pictures one is decoded at a time
one_at_a_time = threading.Lock()

TIFF_COMPRESSIONS = {1, 2, 3, 4, 5, 7, 8, 32773, 32946}  # none, fax, LZW, JPEG, deflate, PackBits
MAX_TIFF_PIECES = 65_535  # strips or tiles


def read_picture(file: Path | BytesIO) -> Image.Image:
    """Read the first frame of a picture, upright.

    Args:
        file: the picture's file, or its content.

    Returns:
        The picture, at most `LARGEST` pixels along each side. `info["reduced_by"]` is how much smaller it is than the
        one in the file, 1.0 if it is not; `info["more_pages"]` whether the file has further pages or frames.

    Raises:
        ValueError: it can't be read; the message says why in a few words.
        OSError: there is no such file, or it can't be opened.
    """
    # Pillow warns of odd metadata, and of sizes below the bound. `catch_warnings` would not be safe in threads.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    try:
        if isinstance(file, Path):
            mode = file.stat().st_mode
            if not S_ISREG(mode):
                raise ValueError("a folder, and no picture" if S_ISDIR(mode) else "not a regular file")
            with file.open("rb") as content:
                return decode(content, file.stat().st_size)
        file.seek(0)  # who has just written it is at its end
        return decode(file, len(file.getbuffer()))
    except PermissionError:
        raise ValueError("no permission") from None
    except FileNotFoundError:
        if is_address(file):
            raise ValueError("an address, and files are read: download it first") from None
        raise
    except Image.DecompressionBombError:
        raise ValueError(f"more than {MAX_PIXELS // 10**6} million pixels") from None
    except Image.UnidentifiedImageError:
        raise ValueError(unread(file) or "not a picture of a known format") from None
    except ValueError:
        raise
    except MemoryError:
        raise ValueError("there is not enough memory for it") from None
    except Exception as error:  # decoders raise whatever their format's damage leads to
        raise ValueError(f"damaged ({error})") from None


def is_address(name: object) -> bool:
    """Whether what is given as a file is the address of one, such as https://…; a Path of it has but one slash."""
    return re.match(r"\w{2,}:/", str(name)) is not None


def unread(file: Path | BytesIO) -> str:
    """What to do about a picture of a format that isn't read; "" of other files."""
    with file.open("rb") if isinstance(file, Path) else nullcontext(file) as content:
        content.seek(0)
        start = content.read(16)
    known = [name for magic, name in UNREAD_STARTS.items() if magic in start]
    suffix = file.suffix.lower() if isinstance(file, Path) else ""
    if not known and suffix in UNREAD:
        known = [suffix[1:].upper()]
    if suffix == ".csv":
        return "a table, and no picture: it is read by --data CSVDataModule"
    if suffix in ARCHIVES:
        return "an archive, and no picture: unpack it"
    return f"{known[0]} is not read (save it as JPEG or PNG)" if known else ""


def decode(content: IO[bytes], size: int) -> Image.Image:
    """Decode a picture of `size` bytes; see `read_picture`."""
    if size == 0:
        raise ValueError("empty file")
    if size > MAX_BYTES:
        raise ValueError(f"more than {MAX_BYTES >> 20} MB")
    bounded = BoundedFile(content, size)
    check_tiff(bounded)
    with Image.open(bounded, formats=FORMATS) as image:  # type: ignore[arg-type]
        check_size(image)
        more = has_more_pages(image)
        longer = max(image.size)
        if "progressive" in image.info:  # a few bytes may stand for another pass over all pixels
            image.decodermaxblock = 1 << 10  # bytes between two looks at the clock
        image.draft("L", (DRAFT, DRAFT))  # JPEG: decode no more than is needed
        with one_at_a_time if image.width * image.height > LARGE else nullcontext():
            image.load()
            reduced = reduce_size(image)
        reduced.info |= {"reduced_by": longer / max(reduced.size), "more_pages": more}
        return ImageOps.exif_transpose(reduced)


def has_more_pages(image: Image.Image) -> bool:
    """Whether a file has further pages, or is an animation; what a phone stores beside a photo is none."""
    with suppress(Exception):  # what follows the first page may be damaged
        return image.format in ("TIFF", "GIF", "WEBP", "PNG") and bool(getattr(image, "is_animated", False))
    return False


def check_size(image: Image.Image) -> None:
    """Raise ValueError if a picture that is not decoded yet is too large to be."""
    whole = image.format in ("TIFF", "WEBP") or "progressive" in image.info
    most = MAX_PIXELS_AT_ONCE if whole else MAX_PIXELS
    if image.width * image.height > most:
        kind = f" for a {'progressive ' * (image.format == 'JPEG')}{image.format} file" if whole else ""
        raise ValueError(f"{image.width}×{image.height} pixels are more than {most / 1e6:g} million{kind}")
    if max(image.size) > MAX_SIDE:
        raise ValueError(f"{image.width}×{image.height} pixels are more than {MAX_SIDE:,} along a side")


def check_tiff(file: "BoundedFile") -> None:
    """Raise ValueError for a TIFF file that is cut into absurd pieces, or compressed in an unusual way."""
    head = file.read(8)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(head[:4])
    if order is not None and len(head) == 8:
        file.seek(struct.unpack(f"{order}4xI", head)[0])
        count = file.read(2)
        entries = file.read(12 * struct.unpack(f"{order}H", count)[0]) if len(count) == 2 else b""
        tags = {}
        for entry in range(0, len(entries) - 11, 12):
            tag, kind, n = struct.unpack_from(f"{order}HHI", entries, entry)
            tags[tag] = n, struct.unpack_from(f"{order}{'H' if kind == 3 else 'I'}", entries, entry + 8)[0]
        compression = tags.get(259, (1, 1))[1]
        if compression not in TIFF_COMPRESSIONS:
            raise ValueError(f"a TIFF file of compression {compression}, which is not read: save it as PNG")
        if tags.get(322, (1, 0))[1] * tags.get(323, (1, 0))[1] > MAX_PIXELS_AT_ONCE:
            raise ValueError(f"a TIFF file of tiles of more than {MAX_PIXELS_AT_ONCE // 10**6} million pixels")
        if max(tags.get(tag, (0, 0))[0] for tag in (273, 279, 324, 325)) > MAX_TIFF_PIECES:
            raise ValueError(f"a TIFF file of more than {MAX_TIFF_PIECES:,} pieces")
    file.seek(0)


def reduce_size(image: Image.Image) -> Image.Image:
    """Reduce a picture by a whole number, so that it has at most `LARGEST` pixels along each side.

    It goes strip by strip: converting the whole would need as much memory again. `info["reduced_by"]` says how much
    smaller it is then.

    Raises:
        ValueError: it has no pixels.
    """
    if 0 in image.size:
        raise ValueError("a picture without pixels")
    factor = -(-max(image.size) // LARGEST)
    if factor == 1:
        return image
    mode = {"1": "L", "P": "RGB", "PA": "RGBA"}.get(image.mode, "I" if image.mode.startswith("I;16") else image.mode)
    if mode == "RGB" and image.has_transparency_data:
        mode = "RGBA"
    reduced = Image.new(mode, (-(-image.width // factor), -(-image.height // factor)))
    reduced.info = {**image.info, "reduced_by": max(image.size) / max(reduced.size)}
    for top in range(0, image.height, rows := factor * max(1, STRIP // (factor * image.width))):
        strip = image.crop((0, top, image.width, min(top + rows, image.height)))
        reduced.paste(strip.convert(mode).reduce(factor), (0, top // factor))
    return reduced


class BoundedFile:
    """A file that stops who reads it, if that is too much or takes too long.

    Args:
        file: an open file of bytes.
        size: how many it has.
    """

    def __init__(self, file: IO[bytes], size: int) -> None:
        self.file = file
        self.left = 4 * size + (1 << 20)  # decoders read each byte once or twice, unless parts overlap
        self.deadline = time.thread_time() + MAX_SECONDS

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes, by default all that are left.

        Raises:
            ValueError: more has been read, or computed in this thread, than a sound file needs.
        """
        data = self.file.read(size)
        self.left -= len(data)
        if self.left < 0:
            raise ValueError("damaged (its parts overlap)")
        if time.thread_time() > self.deadline:
            raise ValueError(f"takes more than {MAX_SECONDS:g} s to decode")
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place in the file."""
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        """The place in the file."""
        return self.file.tell()
