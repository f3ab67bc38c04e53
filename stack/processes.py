"""What the process manager (supervisord) runs, and in which order it stops it."""

import os
import shlex
import sys
from pathlib import Path
from string import Template

from django.conf import settings

from common.socket_paths import make_short_link, socket_directory
from stack.errors import StackError
from stack.services import Program

# A worker asked to stop politely waits for its tasks, and a live task lasts as long as the broadcast: QUIT ends them.
STOP_SIGNALS = dict.fromkeys(("live-1", "live-2", "worker", "notices", "outward", "archive"), "QUIT")
APP_STOP_SECONDS = 3
STATE_STOP_SECONDS = 4  # PostgreSQL writes a checkpoint
LOG_BYTES = 5_000_000
OLD_LOGS = 3

SECTION_MAIN = """\
[supervisord]
nodaemon=true
user={user}
directory={directory}
logfile={logs}/supervisor.log
logfile_maxbytes={log_bytes}
logfile_backups={old_logs}
loglevel=info
pidfile={run}/supervisor.pid
childlogdir={logs}
minfds=1024
silent=true

[unix_http_server]
file={control}
chmod=0600

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""

# Died after it had been up for a second: restarted at once. Dies at its start: tried again after 1, 2, 3, 4 s, and then
# stack/run.py asks again every few seconds, because what it needs may come back.
SECTION_PROGRAM = """
[program:{name}]
command={command}
directory={directory}
autostart={autostart}
autorestart=true
startsecs=1
startretries=4
stopsignal={stop_signal}
stopwaitsecs={stop_seconds}
killasgroup=true
redirect_stderr=true
stdout_logfile={logs}/{name}.log
stdout_logfile_maxbytes={log_bytes}
stdout_logfile_backups={old_logs}
"""

SECTION_GROUP = """
[group:{name}]
programs={programs}
priority={priority}
"""


def read_procfile(text: str, environment: dict[str, str]) -> list[Program]:
    """The Procfile's processes, with ${NAME} filled in from `environment`."""
    programs = []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, _, command = line.partition(":")
        try:
            words = [Template(word).substitute(environment) for word in shlex.split(command)]
        except KeyError as error:
            raise StackError(f"The Procfile's {name} asks for {error.args[0]}, which is not set.") from None
        programs.append(Program(name.strip(), words, STOP_SIGNALS.get(name.strip(), "TERM")))
    return programs


def control_socket() -> Path:
    """Where supervisord listens for stack/run.py; only its owner may talk to it."""
    return socket_directory(Path(settings.DATA_DIR) / "run") / "supervisor.sock"


def write_supervisor_config(groups: dict[str, list[Program]]) -> Path:
    """supervisord's configuration. `groups` are in the order of starting; they stop in the reverse order."""
    run, logs = Path(settings.DATA_DIR) / "run", Path(settings.DATA_DIR) / "logs"
    for directory in (run, logs):
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o700)
    make_short_link(run)
    common = {"directory": settings.BASE_DIR, "logs": logs, "log_bytes": LOG_BYTES, "old_logs": OLD_LOGS}
    sections = [SECTION_MAIN.format(user=os.getuid(), run=run, control=control_socket(), **common)]
    for priority, (group, programs) in enumerate(groups.items()):
        for program in programs:
            sections.append(_program_section(group, program, common))
        names = ",".join(program.name for program in programs)
        sections.append(SECTION_GROUP.format(name=group, programs=names, priority=priority))
    config = run / "supervisor.conf"
    config.write_text("".join(sections))
    config.chmod(0o600)
    return config


def _program_section(group: str, program: Program, common: dict[str, object]) -> str:
    return SECTION_PROGRAM.format(
        name=program.name,
        command=shlex.join(program.argv()).replace("%", "%%"),
        autostart=str(group == "state").lower(),  # the rest waits until the database is migrated
        stop_signal=program.stop_signal,
        stop_seconds=STATE_STOP_SECONDS if group == "state" else APP_STOP_SECONDS,
        **common,
    )


def supervisor_program(config: Path) -> Program:
    """The process manager itself."""
    return Program("supervisor", [sys.executable, "-m", "supervisor.supervisord", "-c", str(config)])
