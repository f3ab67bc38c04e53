"""What can go wrong on the media side."""


class TranscodeError(Exception):
    """Base of everything the media side raises on purpose; its text is one sentence."""


class RtmpError(TranscodeError):
    """The ingest server's bytes are not RTMP that we can follow, or exceed a limit."""


class FlvError(TranscodeError):
    """These bytes are not FLV, or a tag exceeds a limit."""


class BitstreamError(TranscodeError):
    """A codec's own header or packet is malformed, or uses a feature we do not package."""


class BoxError(TranscodeError):
    """These bytes are not a well-formed sequence of ISO BMFF boxes."""


class SourceRefused(TranscodeError):
    """The encoder sends what we cannot put on air. `code` names the rule, the text tells the streamer what to do."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class SourceInterrupted(TranscodeError):
    """The encoder's stream is not the same any more (new decoder configuration, clock jump): begin a new run."""


class LeaseLost(TranscodeError):
    """Another worker owns this broadcast now."""


class LadderError(TranscodeError):
    """These rungs are no ladder; the text says which rule they break."""


class MediaDamaged(TranscodeError):
    """Stored media is not what the index of segments says."""


class NotRecorded(TranscodeError):
    """Of what was asked for nothing, or not enough, is in storage."""


class ClipFailed(TranscodeError):
    """FFmpeg could not make a clip of these segments, or not in time."""


class FileRefused(TranscodeError):
    """An uploaded file cannot become a recording. `code` names the rule, the text tells its owner what to do."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
