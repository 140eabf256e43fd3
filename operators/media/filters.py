"""A straight chain of libavfilter filters: frames in, frames out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, cast

import av
from av.audio.frame import AudioFrame
from av.filter import Graph
from av.video.frame import VideoFrame

from mediawright import InvalidInput
from operators.media.containers import Frame

Step = tuple[str, str]
"""A filter and its arguments. Arguments are numbers and words of ours, never a user's text."""


def filtered(frames: Iterable[Frame], *steps: Step) -> Iterator[Frame]:
    """Yield what the chain makes of the frames. Raises InvalidInput when the stream changes its format on the way."""
    graph: Graph | None = None
    shape: tuple[object, ...] = ()
    for frame in frames:
        if graph is None:
            graph, shape = _chain(frame, steps), _shape(frame)
        elif _shape(frame) != shape:
            raise InvalidInput(f"the stream changes from {shape} to {_shape(frame)} at {frame.time} s")
        graph.push(frame)
        yield from _ready(graph)
    if graph is not None:
        graph.push(None)
        yield from _ready(graph)


def _chain(frame: VideoFrame | AudioFrame, steps: Iterable[Step]) -> Graph:
    graph = Graph()
    nodes = [_entrance(graph, frame), *(graph.add(name, arguments) for name, arguments in steps)]
    nodes.append(graph.add("abuffersink" if isinstance(frame, AudioFrame) else "buffersink"))
    graph.link_nodes(*nodes).configure()
    return graph


def _entrance(graph: Graph, frame: VideoFrame | AudioFrame) -> av.filter.context.FilterContext:
    """Made after the first frame, not the stream: some codecs (HE-AAC) announce another rate than they deliver."""
    if isinstance(frame, AudioFrame):
        return graph.add_abuffer(
            sample_rate=frame.sample_rate,
            format=frame.format.name,
            layout=frame.layout.name,
            time_base=frame.time_base,
        )
    return graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base)


def _shape(frame: VideoFrame | AudioFrame) -> tuple[object, ...]:
    if isinstance(frame, AudioFrame):
        return (frame.sample_rate, frame.format.name, frame.layout.name)
    return (frame.width, frame.height, frame.format.name)


def _ready(graph: Graph) -> Iterator[Any]:
    while True:
        try:
            yield cast("Any", graph.pull())
        except (av.error.BlockingIOError, av.error.EOFError):
            return
