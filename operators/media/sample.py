"""A short clip with sound, for those who have none at hand. Needs imageio-ffmpeg."""

from __future__ import annotations

import subprocess
from pathlib import Path

SIZE = "640x360"
RATE = 25
RENDER_SECONDS = 120
"""What rendering may take."""


def render_clip(path: Path, seconds: float = 6) -> Path:
    """Write an MP4 (H.264, AAC) of three scenes of equal length, a tone with a pause in it, and return its path.

    Raises RuntimeError with what ffmpeg said when it fails.
    """
    import imageio_ffmpeg

    scene = seconds / 3
    sources = [f"testsrc2=size={SIZE}:rate={RATE}", f"smptehdbars=size={SIZE}:rate={RATE}",
               f"mandelbrot=size={SIZE}:rate={RATE}"]  # fmt: skip
    tone = f"sine=frequency=440:sample_rate=48000:duration={seconds},volume=12dB"
    pause = f"volume=0:enable='between(t,{scene * 1.25},{scene * 1.75})'"
    scenes = "".join(f"[{number}:v]trim=duration={scene}[s{number}];" for number in range(3))
    graph = f"{scenes}[s0][s1][s2]concat=n=3:v=1:a=0,format=yuv420p[v];[3:a]{pause}[a]"
    inputs = [argument for source in [*sources, tone] for argument in ("-f", "lavfi", "-i", source)]
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-y", *inputs, "-filter_complex", graph,
        "-map", "[v]", "-map", "[a]", "-c:v", "libx264", "-preset", "veryfast", "-c:a", "aac", "-ac", "2",
        "-movflags", "+faststart", "-t", str(seconds), f"file:{path}",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=RENDER_SECONDS, check=False)  # noqa: S603
    if done.returncode != 0 or not path.exists():
        raise RuntimeError(f"the sample clip could not be rendered: {done.stderr.strip()[-500:]}")
    return path
