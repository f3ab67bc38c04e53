"""Moving pictures with sound for the demo, made once with FFmpeg's own generators and then only copied."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CLIP_SECONDS = 24
FRAME_RATE = 30
KEYFRAME_SECONDS = 2


@dataclass(frozen=True)
class Clip:
    """`graph` makes [v] and [a]."""

    graph: str
    kbps: int


def _chord(*notes: float) -> str:
    return "+".join(
        f"sin(2*PI*{note}*t)*(0.6+0.4*sin(2*PI*{0.11 + index * 0.07:.2f}*t))" for index, note in enumerate(notes)
    )


def _chords(chords: Sequence[tuple[float, ...]], seconds: float) -> str:
    """Chords one after the other, each swelling and fading so that the change is not heard as a click."""
    swell = f"pow(sin(PI*mod(t,{seconds})/{seconds}),0.35)"
    parts = "+".join(
        f"eq(mod(floor(t/{seconds}),{len(chords)}),{index})*({_chord(*chord)})" for index, chord in enumerate(chords)
    )
    return f"aevalsrc='0.13*{swell}*({parts})':s=48000:d={CLIP_SECONDS}"


WARM = [
    (130.81, 164.81, 196.0, 246.94),
    (110.0, 164.81, 196.0, 261.63),
    (87.31, 130.81, 174.61, 220.0),
    (98.0, 146.83, 196.0, 246.94),
]
DEEP = [(55.0, 82.41, 110.0), (65.41, 98.0, 130.81), (48.99, 73.42, 98.0)]
BRIGHT = [(261.63, 329.63, 392.0), (293.66, 369.99, 440.0), (220.0, 277.18, 329.63), (246.94, 311.13, 369.99)]

CLIPS = {
    "cells": Clip(
        graph="life=s=160x90:r=10:mold=18:ratio=0.16:seed=7:death_color=0x7a3ff0:life_color=0x8ff7ff:mold_color=0x120c2e,"
        "scale=1280:720:flags=neighbor,gblur=sigma=1.2,vignette=PI/5,fps=30,format=yuv420p[v];"
        f"{_chords(BRIGHT, 3)},tremolo=f=6:d=0.5,lowpass=f=1800[a]",
        kbps=3000,
    ),
    "chords": Clip(
        graph="gradients=s=1280x720:r=30:c0=0x2b1055:c1=0xd76d77:c2=0xffaf7b:c3=0x1f4068:nb_colors=4:speed=0.006:seed=3[g];"
        f"{_chords(WARM, 6)},lowpass=f=1200,asplit=2[s][a];"
        "[s]showwaves=s=1280x220:r=30:mode=cline:scale=sqrt:colors=0xfff1e0@0.55,gblur=sigma=2[c];"
        "[g][c]overlay=0:H-h-70:format=auto,vignette=PI/6,format=yuv420p[v]",
        kbps=2200,
    ),
    "dive": Clip(
        graph="mandelbrot=s=640x360:rate=30:start_scale=0.02:end_scale=0.000002:end_pts=720:maxiter=900:"
        "start_x=-0.743643887037158:start_y=-0.131825904205312:inner=black,"
        "gblur=sigma=0.6,format=gray,format=rgb24,"
        "curves=r=0/0.02 0.5/0.6 1/1:g=0/0.03 0.5/0.25 1/0.93:b=0/0.13 0.5/0.5 1/0.7,"
        "scale=854:480:flags=bicubic,vignette=PI/5,format=yuv420p[v];"
        f"{_chords(DEEP, 8)},aphaser=speed=0.2:decay=0.5,lowpass=f=900[a]",
        kbps=2000,
    ),
}


def clip_path(directory: Path, name: str) -> Path:
    """Where a clip lies."""
    return directory / f"{name}.flv"


def clip_command(name: str, target: Path) -> list[str]:
    """Makes one clip, with what the machine can spare."""
    clip = CLIPS[name]
    gop = str(FRAME_RATE * KEYFRAME_SECONDS)
    return [
        *("nice", "-n", "15", "ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error", "-y"),
        *("-filter_complex", clip.graph, "-map", "[v]", "-map", "[a]", "-t", str(CLIP_SECONDS), "-r", str(FRAME_RATE)),
        *("-c:v", "libx264", "-preset", "veryfast", "-bf", "0", "-g", gop, "-keyint_min", gop, "-sc_threshold", "0"),
        *("-b:v", f"{clip.kbps}k", "-maxrate", f"{clip.kbps}k", "-bufsize", f"{clip.kbps}k"),
        *("-c:a", "aac", "-b:a", "128k", "-ar", "48000", "-ac", "2", "-f", "flv", str(target)),
    ]
