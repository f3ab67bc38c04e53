"""The process manager's configuration follows from the Procfile."""

import configparser
from pathlib import Path
from typing import Any

import pytest

from stack.errors import StackError
from stack.processes import read_procfile, write_supervisor_config
from stack.services import Program


def test_procfile_is_filled_in_word_by_word() -> None:
    text = '# a comment\n\nsite: daphne --port ${PORT} -d "${DATA}/x"\nlive-1: celery\n'
    site, live = read_procfile(text, {"PORT": "8001", "DATA": "/with space"})
    assert site.command == ["daphne", "--port", "8001", "-d", "/with space/x"]
    assert (site.stop_signal, live.stop_signal) == ("TERM", "QUIT")


def test_unknown_variable_in_the_procfile_is_named() -> None:
    with pytest.raises(StackError, match="site asks for PORT"):
        read_procfile("site: daphne --port ${PORT}", {})


def test_our_own_procfile_has_no_secret_and_all_parts(settings: Any) -> None:
    names = ("DATA", "PORT", "SITE_PORT", "CHAT_PORT", "IRC_PORT", "ORIGIN_PORT", "RTMP_PORT", "LIVE_BROADCASTS")
    environment = {f"MILLRACE_{name}": name for name in names}
    programs = read_procfile((Path(settings.BASE_DIR) / "Procfile").read_text(), environment)
    doors, servers = {"ingest", "edge"}, {"site", "chat", "irc", "origin"}
    workers = {"live-1", "live-2", "worker", "notices", "outward", "archive", "beat"}
    assert {program.name for program in programs} == doors | servers | workers


def test_supervisor_config_is_private_and_stops_doors_first(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    plan = {
        "state": [Program("postgres", ["p"], "INT")],
        "app": [Program("site", ["s", "%h"])],
        "doors": [Program("edge", ["e"])],
    }
    config = write_supervisor_config(plan)
    assert config.stat().st_mode & 0o777 == 0o600
    parsed = configparser.RawConfigParser()
    parsed.read(config)
    priorities = [int(parsed[f"group:{name}"]["priority"]) for name in ("state", "app", "doors")]
    assert priorities == sorted(priorities)  # supervisord stops the highest first
    assert parsed["program:postgres"]["autostart"] == "true"
    assert parsed["program:site"]["autostart"] == "false"
    assert parsed["program:site"]["command"].endswith("-- s %%h")
    assert parsed["unix_http_server"]["chmod"] == "0600"
