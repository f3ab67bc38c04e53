"""The ingest server under the attack that needs its larger stack, with it and without."""

import random
from pathlib import Path

import pytest

from tests.media.hostile_messages import ATTACKS
from tests.media.rtmp_client import Refused, RtmpConnection
from tests.transcode.ingest_server import ingest_server
from tests.transcode.live_services import ROOT

SYSTEM_STACK_KB = 8_192


def stack_of_the_procfile() -> int:
    """Kilobytes that the Procfile gives the ingest server."""
    line = next(line for line in (ROOT / "Procfile").read_text().splitlines() if line.startswith("ingest:"))
    return int(line.partition("ulimit -s ")[2].partition(";")[0])


def survives(port: int) -> bool:
    """Whether the server answers after nested values in `connect`, for which nobody needs a key."""
    deep = next(attack for attack in ATTACKS if attack.name == "objects in objects, 200 000 deep")
    attacker = RtmpConnection(host="127.0.0.1", port=port)
    try:
        attacker.shake_hands()
        attacker.send_bytes(deep.make(random.Random(1)))
        attacker.wait_for("_result")
    except (OSError, Refused):
        pass  # thrown out, or the server has died
    finally:
        attacker.close()
    try:
        visitor = RtmpConnection(host="127.0.0.1", port=port)
    except OSError:
        return False
    try:
        visitor.shake_hands()
    except (OSError, Refused):
        return False
    finally:
        visitor.close()
    return True


@pytest.mark.parametrize(("kilobytes", "alive"), [(None, True), (SYSTEM_STACK_KB, False)], ids=["ours", "usual"])
def test_deeply_nested_values_need_the_stack_that_the_procfile_gives(
    tmp_path: Path, kilobytes: int | None, alive: bool
) -> None:
    """The usual stack is the control: once nginx-rtmp stands the attack with it, the Procfile's line can go."""
    with ingest_server(tmp_path, stack_kilobytes=kilobytes or stack_of_the_procfile(), max_message="4M") as port:
        assert survives(port) is alive
