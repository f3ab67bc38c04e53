"""Runs the whole stack in the foreground: `make run`."""

import fcntl
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
import xmlrpc.client
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured

from stack.banner import show_banner
from stack.child import adopt_orphans, die_with_parent, end_all_children
from stack.errors import StackError
from stack.terminal import complain, paint, say

if TYPE_CHECKING:
    from stack.services import Program

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# The environment's commands first; and Debian keeps nginx where an ordinary user's PATH does not look.
PATHS = [str(Path(sys.executable).parent), os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]
READY_SECONDS = 90.0
STOP_SECONDS = 7.5
TICK_SECONDS = 0.2
RETRY_FATAL_SECONDS = 5.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopAskedError(Exception):
    """Ctrl-C, or SIGTERM."""


def main() -> int:
    """0 after a stop that was asked for, 1 with one sentence when the stack cannot run."""
    os.environ["PATH"] = os.pathsep.join(PATHS)
    if os.environ.get("MAKELEVEL"):
        die_with_parent(signal.SIGTERM)  # `make` was killed
    for signum in STOP_SIGNALS:
        if signum != signal.SIGHUP or signal.getsignal(signum) is not signal.SIG_IGN:  # nohup
            signal.signal(signum, _ask_to_stop)
    try:
        from django.conf import settings

        Stack(settings).run()
    except StopAskedError:
        say("Stopped.")
        return 0
    except (StackError, ImproperlyConfigured) as error:
        complain(" ".join(str(error).split()))
    except PermissionError as error:
        complain(f"{error.filename or error} cannot be used by this user: was the stack started by another one before?")
    return 1


def _ask_to_stop(_signum: int, _frame: object) -> None:
    raise StopAskedError


class Stack:
    """One running stack: its lock, its process manager and what the terminal shows."""

    def __init__(self, settings: Any) -> None:
        self.settings = settings
        self.data = Path(settings.DATA_DIR)
        self.given = dict(os.environ)
        self.started_at = time.monotonic()
        self.next_retry = 0.0

    def run(self) -> None:
        """Start, stay until StopAskedError or StackError, and stop whatever was started."""
        from stack.log_printer import LogPrinter
        from stack.plan import make_plan
        from stack.ports import check_ports, needed_ports

        self.data.mkdir(parents=True, exist_ok=True)
        with self._lock():
            check_ports(needed_ports())
            _allow_many_files()
            say(paint("bold", "Starting Millrace …"))
            groups = make_plan(demo=os.environ.get("DEMO", "") not in {"", "0"})
            names = [program.name for programs in groups.values() for program in programs]
            self.printer = LogPrinter(self.data / "logs", ["supervisor", *names])
            adopt_orphans()
            self.supervisor = self._start_supervisor(groups)
            try:
                self._bring_up(groups)
                while True:
                    self._tick()
            finally:
                self._stop()

    def _lock(self) -> IO[str]:
        """One stack per data directory; the lock goes with the process, however it ends."""
        lock = (self.data / "stack.lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            owner = lock.read().strip() or "unknown"
            raise StackError(
                f"A stack already runs from {self.data} (process {owner}): stop it, or start a second one beside it "
                "with its own MILLRACE_DATA, MILLRACE_PORT and MILLRACE_RTMP_PORT."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        return lock

    def _start_supervisor(self, groups: "dict[str, list[Program]]") -> "subprocess.Popen[bytes]":
        from stack.processes import supervisor_program, write_supervisor_config

        program = supervisor_program(write_supervisor_config(groups))
        # In its own session: Ctrl-C at the terminal reaches this process only, which then stops things in order.
        return subprocess.Popen(program.argv(), start_new_session=True, stdin=subprocess.DEVNULL)

    def _bring_up(self, groups: "dict[str, list[Program]]") -> None:
        from stack import preparation, services

        services.wait_until_up(groups.get("state", []), self.data, self._watch_supervisor)
        if services.runs_here("site"):
            preparation.migrate()
        if services.runs_here("edge"):
            preparation.collect_static()
        self.control = self._control()
        for group in groups:
            if group != "state":
                self.control.supervisor.startProcessGroup(group, False)
        self._wait_until_ready()
        show_banner(self.settings, self.given, time.monotonic() - self.started_at)

    def _control(self) -> xmlrpc.client.ServerProxy:
        from supervisor.xmlrpc import SupervisorTransport

        from stack.processes import control_socket

        deadline = time.monotonic() + READY_SECONDS
        while not control_socket().exists() and time.monotonic() < deadline:
            self._watch_supervisor()
            time.sleep(0.05)
        transport = SupervisorTransport(serverurl=f"unix://{control_socket()}")
        return xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        url = self._health()
        while url and not _is_ok(url):
            self._tick()
            if time.monotonic() > deadline:
                say(
                    paint(
                        "yellow",
                        f"Not ready after {READY_SECONDS:.0f} s; it goes on trying. {url} says what is missing.",
                    )
                )
                return

    def _health(self) -> str:
        """The address that says whether this machine's part is up; the site knows of everything."""
        from stack.services import runs_here

        if runs_here("site") and runs_here("edge"):
            return f"http://127.0.0.1:{self.settings.PORT}/healthz/ready"
        return f"http://127.0.0.1:{self.settings.ORIGIN_PORT}/healthz/live" if runs_here("origin") else ""

    def _tick(self) -> None:
        for line in self.printer.lines():
            say(line)
        self._watch_supervisor()
        self._retry_fatal()
        time.sleep(TICK_SECONDS)

    def _watch_supervisor(self) -> None:
        if self.supervisor.poll() is not None:
            raise StackError(
                f"The process manager ended (status {self.supervisor.returncode}); "
                f"{self.data}/logs/supervisor.log may say why."
            )

    def _retry_fatal(self) -> None:
        """supervisord gives up on a process after a few tries; what it lacked may have come back."""
        now = time.monotonic()
        if now < self.next_retry:
            return
        self.next_retry = now + RETRY_FATAL_SECONDS
        with suppress(OSError, xmlrpc.client.Error):  # it is busy or going: the next tick sees
            processes: Any = self.control.supervisor.getAllProcessInfo()
            for process in processes:
                if process["statename"] == "FATAL":
                    self.control.supervisor.startProcess(f"{process['group']}:{process['name']}", False)

    def _stop(self) -> None:
        """supervisord stops the groups in reverse order; what is left after STOP_SECONDS is killed."""
        for signum in STOP_SIGNALS:
            signal.signal(signum, signal.SIG_IGN)
        say("\nStopping …")
        self.supervisor.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.supervisor.wait(STOP_SECONDS)
        end_all_children()
        shutil.rmtree(self.settings.LIVE_EDGE_DIR, ignore_errors=True)


def _allow_many_files() -> None:
    """Each viewer is a connection: raise the limit as far as this user may."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _is_ok(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=3) as answer:  # noqa: S310  our own http address
            return bool(answer.status == 200)
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())
