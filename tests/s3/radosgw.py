"""A real S3 service for tests: a monitor, a store in memory and a gateway of Ceph, in a directory of their own."""

import json
import os
import shutil
import subprocess
import tempfile
import time
import uuid
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3
from botocore.config import Config

from bench.free_ports import free_block

START_SECONDS = 100
STOP_SECONDS = 30
BUCKET = "media"
CONFIGURATION = """[global]
fsid = {fsid}
mon host = [v2:127.0.0.1:{monitor}]
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
keyring = {root}/$name.keyring
run dir = {root}
admin socket = {root}/$name.asok
log file = {root}/$name.log
mon data = {root}/monitor
osd data = {root}/store
rgw data = {root}/gateway
osd objectstore = memstore
memstore device bytes = 2147483648
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
ms bind ipv6 = false
public addr = 127.0.0.1
cluster addr = 127.0.0.1
rgw frontends = beast endpoint=127.0.0.1:{gateway}
"""


class Radosgw:
    """Use as a context manager: an empty, private bucket behind `url`, and a key that may do everything in it."""

    def __init__(self) -> None:
        self._root = Path(tempfile.mkdtemp(prefix="millrace-s3-"))
        self._processes: list[subprocess.Popen[bytes]] = []
        self._monitor = free_block(2)
        self.url = f"http://127.0.0.1:{self._monitor + 1}"
        self.access_key = self.secret_key = ""

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop()

    def client(self, **overrides: Any) -> Any:
        """boto3's."""
        config = Config(signature_version="s3v4", s3={"addressing_style": "path"})
        options = {
            "endpoint_url": self.url,
            "aws_access_key_id": self.access_key,
            "aws_secret_access_key": self.secret_key,
            "region_name": "us-east-1",
            "config": config,
        }
        return boto3.client("s3", **{**options, **overrides})

    def _start(self) -> None:
        root, fsid, store = self._root, str(uuid.uuid4()), str(uuid.uuid4())
        facts = {"fsid": fsid, "root": root, "monitor": self._monitor, "gateway": self._monitor + 1}
        (root / "ceph.conf").write_text(CONFIGURATION.format(**facts))
        for name in ("monitor", "store", "gateway"):
            (root / name).mkdir()
        self._make_keys()
        address = f"[v2:127.0.0.1:{self._monitor}]"
        self._run("monmaptool", "--create", "--addv", "a", address, "--fsid", fsid, f"{root}/monmap")
        monitor = ["-i", "a", "--monmap", f"{root}/monmap", "--keyring", f"{root}/mon.keyring"]
        self._run("ceph-mon", "--mkfs", *monitor)
        self._spawn("ceph-mon", "-f", "-i", "a")
        self._run("ceph", "--connect-timeout", "20", "osd", "new", store)
        self._run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", store)
        self._spawn("ceph-osd", "-f", "-i", "0")
        self._spawn("radosgw", "-f", "-n", "client.rgw")
        user = json.loads(
            self._run("radosgw-admin", "user", "create", "--uid", "millrace", "--display-name", "Millrace")
        )
        self.access_key, self.secret_key = user["keys"][0]["access_key"], user["keys"][0]["secret_key"]
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self.client().create_bucket(Bucket=BUCKET)
                return
            except Exception:
                if time.monotonic() > deadline or any(one.poll() is not None for one in self._processes):
                    raise
                time.sleep(0.2)

    def _make_keys(self) -> None:
        everything = ["--cap", "mon", "allow *", "--cap", "osd", "allow *"]
        gateway = ["--cap", "mon", "allow rw", "--cap", "osd", "allow rwx"]
        store = ["--cap", "mon", "allow profile osd", "--cap", "osd", "allow *"]
        ring = f"{self._root}/mon.keyring"
        self._run("ceph-authtool", "--create-keyring", ring, "--gen-key", "-n", "mon.", "--cap", "mon", "allow *")
        for name, caps in (("client.admin", everything), ("osd.0", store), ("client.rgw", gateway)):
            own = f"{self._root}/{name}.keyring"
            self._run("ceph-authtool", "--create-keyring", own, "--gen-key", "-n", name, *caps)
            self._run("ceph-authtool", ring, "--import-keyring", own)
        shutil.copy(ring, self._root / "mon.a.keyring")

    def _run(self, *command: str) -> str:
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, timeout=START_SECONDS)
        if done.returncode:
            raise AssertionError(f"{command[0]}: {done.stderr[-500:]}")
        return done.stdout

    def _spawn(self, *command: str) -> None:
        with (self._root / f"{command[0]}.out").open("wb") as out:
            self._processes.append(
                subprocess.Popen(command, env=self._environment, stdout=out, stderr=subprocess.STDOUT)
            )

    @property
    def _environment(self) -> dict[str, str]:
        return {**os.environ, "CEPH_CONF": f"{self._root}/ceph.conf"}

    def _stop(self) -> None:
        """The gateway first: it waits for the store, and that for the monitor."""
        for process in reversed(self._processes):
            process.terminate()
            try:
                process.wait(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self._root, ignore_errors=True)
