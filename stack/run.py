"""Runs the whole stack in the foreground: `make run`."""

import dataclasses
import fcntl
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import xmlrpc.client
from pathlib import Path
from typing import IO, Any

from django.core.exceptions import ImproperlyConfigured

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Debian keeps nginx and friends where an ordinary user's PATH does not look.
os.environ["PATH"] = os.pathsep.join(
    [str(Path(sys.executable).parent), os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]
)

from stack.banner import show_banner
from stack.child import die_with_parent
from stack.errors import StackError
from stack.terminal import complain, paint, say

READY_SECONDS = 90.0
STOP_SECONDS = 8.0
TICK_SECONDS = 0.2
RETRY_FATAL_SECONDS = 5.0


def main() -> int:
    """0 after a stop that was asked for, 1 with one sentence when the stack cannot run."""
    if os.environ.get("MAKELEVEL"):
        die_with_parent(signal.SIGTERM)  # `make` was killed
    try:
        from django.conf import settings

        return Stack(settings).run()
    except (StackError, ImproperlyConfigured) as error:
        complain(" ".join(str(error).split()))
    except PermissionError as error:
        complain(
            f"{error.filename or error} cannot be used by this user: was the stack started by another user before?"
        )
    return 1


class StopAskedError(Exception):
    """Ctrl-C, or SIGTERM."""


class Stack:
    """One running stack: its lock, its process manager and what the terminal shows."""

    def __init__(self, settings: Any) -> None:
        self.settings = settings
        self.data = Path(settings.DATA_DIR)
        self.given = dict(os.environ)
        self.started_at = time.monotonic()
        self.demo = os.environ.get("DEMO", "") not in {"", "0"}

    def run(self) -> int:
        """Start, stay, stop."""
        from stack.log_printer import LogPrinter
        from stack.ports import check_ports, needed_ports

        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(signum, _ask_to_stop)
        self.data.mkdir(parents=True, exist_ok=True)
        lock = self._lock()
        check_ports(needed_ports())
        _allow_many_files()
        say(paint("bold", "Starting Millrace …"))
        groups = self._plan()
        names = [program.name for programs in groups.values() for program in programs]
        self.printer = LogPrinter(self.data / "logs", ["supervisor", *names])
        self.supervisor = self._start_supervisor(groups)
        try:
            self._bring_up(groups)
            self._stay()
        except StopAskedError:
            say("\nStopping …")
        finally:
            for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(signum, signal.SIG_IGN)
            self._stop()
            lock.close()
        say("Stopped.")
        return 0

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

    def _plan(self) -> dict[str, list[Any]]:
        """Groups of processes in the order of starting."""
        from stack import nginx, services
        from stack.processes import read_procfile

        state = services.own_services(self.data, os.environ)
        self._prepare_live_edge()
        ingest = nginx.write_config("ingest", nginx.ingest_values())
        edge = nginx.write_config("edge", nginx.edge_values(_trusted_proxies()))
        for name, prefix in (("ingest", ingest), ("edge", edge)):
            nginx.check(name, prefix)
        self._fill_environment()
        procfile = (self.settings.BASE_DIR / "Procfile").read_text()
        programs = {program.name: program for program in read_procfile(procfile, dict(os.environ))}
        doors = [
            dataclasses.replace(programs.pop(name), child_options=nginx.child_options(name, prefix))
            for name, prefix in (("ingest", ingest), ("edge", edge))
        ]
        app = list(programs.values())
        if self.demo:
            app.append(services.Program("demo", [sys.executable, "-m", "stack.demo"]))
        return {name: group for name, group in (("state", state), ("app", app), ("doors", doors)) if group}

    def _prepare_live_edge(self) -> None:
        """An empty directory in memory, which only we and the edge can look into."""
        from stack import nginx

        directory = Path(self.settings.LIVE_EDGE_DIR)
        if directory.is_symlink() or (directory.exists() and directory.stat().st_uid != os.getuid()):
            raise StackError(f"{directory} belongs to someone else: choose another with MILLRACE_LIVE_EDGE.")
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        directory.chmod(0o700 if nginx.edge_user() in {None, "root"} else 0o711)
        for kept in (Path(self.settings.MEDIA_ROOT) / "previews", Path(self.settings.MEDIA_ROOT) / "broadcasts"):
            kept.mkdir(parents=True, exist_ok=True)

    def _fill_environment(self) -> None:
        """What the Procfile names, with the defaults filled in."""
        os.environ.update(
            {
                "MILLRACE_DATA": str(self.data),
                "MILLRACE_PORT": str(self.settings.PORT),
                "MILLRACE_SITE_PORT": str(self.settings.SITE_PORT),
                "MILLRACE_CHAT_PORT": str(self.settings.CHAT_PORT),
                "MILLRACE_ORIGIN_PORT": str(self.settings.ORIGIN_PORT),
                "MILLRACE_RTMP_PORT": str(self.settings.RTMP_PORT),
                "PYTHONUNBUFFERED": "1",
            }
        )

    def _start_supervisor(self, groups: dict[str, list[Any]]) -> "subprocess.Popen[bytes]":
        from stack.processes import supervisor_program, write_supervisor_config

        program = supervisor_program(write_supervisor_config(groups))
        # In its own session: Ctrl-C at the terminal reaches this process only, which then stops things in order.
        return subprocess.Popen(program.argv(), start_new_session=True, stdin=subprocess.DEVNULL)

    def _bring_up(self, groups: dict[str, list[Any]]) -> None:
        from stack import preparation, services

        if "state" in groups:
            services.wait_until_up(groups["state"], self.data, self._watch_supervisor)
        self.control = self._control()
        preparation.migrate()
        preparation.collect_static()
        for group in groups:
            if group != "state":
                self.control.supervisor.startProcessGroup(group, False)
        self._wait_until_ready()
        show_banner(self.settings, self.given, time.monotonic() - self.started_at)

    def _control(self) -> xmlrpc.client.ServerProxy:
        from supervisor.xmlrpc import SupervisorTransport

        from stack.processes import control_socket

        transport = SupervisorTransport(serverurl=f"unix://{control_socket()}")
        return xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        url = f"http://127.0.0.1:{self.settings.PORT}/healthz/ready"
        while not _is_ok(url):
            self._tick()
            if time.monotonic() > deadline:
                say(
                    paint("yellow", f"Not ready after {READY_SECONDS:.0f} s; still trying. {url} says what is missing.")
                )
                return

    def _stay(self) -> None:
        while True:
            self._tick()

    def _tick(self) -> None:
        for line in self.printer.lines():
            say(line)
        self._watch_supervisor()
        self._retry_fatal()
        time.sleep(TICK_SECONDS)

    def _watch_supervisor(self) -> None:
        if self.supervisor.poll() is not None:
            raise StackError(f"The process manager ended (status {self.supervisor.returncode}); see supervisor.log.")

    _next_retry = 0.0

    def _retry_fatal(self) -> None:
        """supervisord gives up on a process after a few tries; what it lacked may have come back."""
        now = time.monotonic()
        if now < self._next_retry:
            return
        self._next_retry = now + RETRY_FATAL_SECONDS
        processes: Any = self.control.supervisor.getAllProcessInfo()
        for process in processes:
            if process["statename"] == "FATAL":
                self.control.supervisor.startProcess(f"{process['group']}:{process['name']}", False)

    def _stop(self) -> None:
        """supervisord stops the groups in reverse order; what is left after STOP_SECONDS is killed with it."""
        self.supervisor.terminate()
        try:
            self.supervisor.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.supervisor.kill()  # its children get their stop signal by the kernel, see stack/child.py
            self.supervisor.wait()
        shutil.rmtree(self.settings.LIVE_EDGE_DIR, ignore_errors=True)


def _ask_to_stop(_signum: int, _frame: object) -> None:
    raise StopAskedError


def _allow_many_files() -> None:
    """Each viewer is a connection: raise the limit as far as this user may."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _is_ok(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=3) as answer:  # noqa: S310  our own http address
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def _trusted_proxies() -> list[str]:
    from common.environment import env_list

    return env_list("MILLRACE_TRUSTED_PROXIES", [])


if __name__ == "__main__":
    sys.exit(main())
