"""held_readers.c as a class: viewers that wait for the next part of a playlist, again and again."""

import subprocess
from dataclasses import dataclass

from bench.c_programs import program


@dataclass(frozen=True)
class Delivery:
    """One playlist that has arrived whole: which part was waited for, and when it was there (monotonic seconds)."""

    rendition: str
    msn: int
    part: int
    at: float

    @property
    def what(self) -> tuple[str, int, int]:
        """The part: the same for all who waited for it."""
        return self.rendition, self.msn, self.part


class HeldReaders:
    """`count` connections; `paths` of playlists by rendition, in turn. All are connected when made."""

    def __init__(self, port: int, paths: dict[str, str], count: int) -> None:
        self.refused = 0
        self._renditions = list(paths)
        argv = [str(program("held_readers")), str(port), str(count), *paths.values()]
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        if self._process.stdout.readline() != "ready\n":
            raise RuntimeError("the viewers could not connect")

    @property
    def pid(self) -> int:
        return self._process.pid

    def begin(self) -> None:
        """Everyone asks for the first time."""
        assert self._process.stdin is not None
        self._process.stdin.write("begin\n")
        self._process.stdin.flush()

    def end(self) -> list[Delivery]:
        """Hang up; what was delivered since the begin."""
        printed, _ = self._process.communicate()
        *lines, refused = printed.splitlines()
        self.refused = int(refused.split()[1])
        found = (line.split() for line in lines)
        return [Delivery(self._renditions[int(path)], int(msn), int(part), float(at)) for path, msn, part, at in found]

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
