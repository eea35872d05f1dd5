"""Letters as readers send them: remarks, pictures, and what is neither."""

import io
from collections.abc import Mapping
from functools import cache

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from etl.store import Store, Upload
from etl.store.layout import INCOMING

HIDDEN = "Ada's camera, Carrer de Mallorca 401"  # must be nowhere in what is kept
ORIENTATION, MAKER, GPS = 0x0112, 0x010F, 0x8825
GIF = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"
ZIP = b"PK\x03\x04\x14\x00\x00\x00\x08\x00" + b"\0" * 40


def exif(orientation: int = 6) -> Image.Exif:
    """Return metadata of a photo: place, camera, orientation."""
    made = Image.Exif()
    made[ORIENTATION] = orientation
    made[MAKER] = HIDDEN
    made.get_ifd(GPS)[2] = (41.0, 24.0, 12.0)
    return made


@cache
def noise(width: int, height: int) -> Image.Image:
    return Image.effect_noise((width, height), 60).convert("RGB")


def jpeg(width: int = 200, height: int = 120, *, mode: str = "RGB", **how: object) -> bytes:
    """Return a JPEG with a camera's and an editor's metadata, and bytes after its end."""
    body = io.BytesIO()
    metadata = {"exif": exif(), "comment": HIDDEN, "icc_profile": HIDDEN.encode() * 9} | how
    noise(width, height).convert(mode).save(body, "JPEG", **metadata)
    return body.getvalue() + HIDDEN.encode()


def png(width: int = 200, height: int = 120, *, mode: str = "RGB", **how: object) -> bytes:
    body, texts = io.BytesIO(), PngInfo()
    texts.add_text("Author", HIDDEN)
    texts.add_itxt("XML:com.adobe.xmp", HIDDEN)
    told = {"exif": exif(), "pnginfo": texts, "icc_profile": HIDDEN.encode()} | how
    noise(width, height).convert(mode).save(body, "PNG", **told)
    return body.getvalue() + HIDDEN.encode()


def pixels(body: bytes) -> tuple[tuple[int, int], bytes]:
    picture = Image.open(io.BytesIO(body))
    return picture.size, picture.convert("RGBA").tobytes()


def send(store: Store, letters: Mapping[str, bytes]) -> None:
    """Write letters like the form does, but without its limits."""
    for name, body in letters.items():
        store.write(Upload(f"{INCOMING}{name}", body))
