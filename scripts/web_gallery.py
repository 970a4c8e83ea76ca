"""Make the web page's gallery: the pictures of ``samples/`` in a handy size, and the films of the models they become.

    python scripts/web_gallery.py            # rewrites bots/rigshot_bots/web/gallery/

Each model is made from exactly the picture that the page offers, so that one click gives what the gallery shows.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import imageio_ffmpeg
from PIL import Image

ROOT = Path(__file__).parent.parent
GALLERY = ROOT / "bots" / "rigshot_bots" / "web" / "gallery"
LONG_SIDE = 1024  # pixels: enough for a texture, small enough for a page
FILM_SIDE = 560  # pixels: the widest that the page shows a film at


def main() -> int:
    """Rewrite the gallery."""
    GALLERY.mkdir(exist_ok=True)
    photos = [_photo(source) for source in sorted((ROOT / "samples").iterdir()) if source.suffix in (".jpg", ".png")]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "rigshot_bots.terminal", "make", *map(str, photos), "--out", folder, "--formats", "glb"]
        subprocess.run(command, check=True)
        for photo in photos:
            _film(Path(folder) / photo.stem / f"{photo.stem}.mp4", GALLERY / f"{photo.stem}.mp4")
            with Image.open(Path(folder) / photo.stem / f"{photo.stem}_poster.png") as poster:
                poster.convert("RGB").resize((FILM_SIDE, FILM_SIDE), Image.Resampling.LANCZOS).save(
                    GALLERY / f"{photo.stem}.webp", quality=82
                )
    print(*(f"{file.stat().st_size:>8} {file.name}" for file in sorted(GALLERY.iterdir())), sep="\n")
    return 0


def _photo(source: Path) -> Path:
    target = GALLERY / source.name
    with Image.open(source) as picture:
        if max(picture.size) <= LONG_SIDE:
            target.write_bytes(source.read_bytes())
        else:
            picture.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.LANCZOS)
            picture.save(target, quality=86)
    return target


def _film(source: Path, target: Path) -> None:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-i", str(source), "-vf", f"scale={FILM_SIDE}:-2:flags=lanczos"]
    command += ["-c:v", "libx264", "-crf", "27", "-preset", "slow", "-pix_fmt", "yuv420p", "-movflags", "+faststart", "-an", str(target)]
    subprocess.run(command, check=True)


if __name__ == "__main__":
    sys.exit(main())
