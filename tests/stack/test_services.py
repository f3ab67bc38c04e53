"""The private PostgreSQL and Redis: reachable by their owner only, wherever the data lies."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from common.socket_paths import LONGEST_SOCKET_PATH, make_short_link, socket_directory
from stack.errors import StackError
from stack.services import postgres, prepare_postgres

SHOW = """
import os, psycopg, redis
data = os.environ["MILLRACE_DATA"]
with psycopg.connect(host=os.environ["MILLRACE_DB_HOST"], user="millrace", dbname="millrace") as connection:
    print(connection.execute("SHOW listen_addresses").fetchone())
client = redis.Redis.from_url(os.environ["MILLRACE_REDIS_URL"], decode_responses=True)
print(sorted(client.config_get("port", "maxmemory-policy", "appendfsync").items()))
print(oct(os.stat(f"{data}/postgres").st_mode & 0o777), oct(os.stat(f"{data}/redis").st_mode & 0o777))
"""
EXPECTED = """\
('',)
[('appendfsync', 'everysec'), ('maxmemory-policy', 'noeviction'), ('port', '0')]
0o700 0o700
"""


def show_services(data: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MILLRACE_")}
    command = [sys.executable, "-m", "stack.with_services", "--data", str(data), "--", sys.executable, "-c", SHOW]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("place", ["data", "closed/data", "with space/data", "deep/" + "x" * 120])
def test_services_work_wherever_the_data_lies(tmp_path: Path, place: str) -> None:
    data = tmp_path / place
    data.parent.mkdir(exist_ok=True)
    data.parent.chmod(0o700)  # as /root is: PostgreSQL's own user cannot walk there
    assert show_services(data) == EXPECTED


def test_long_path_gets_a_short_private_link(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 120)
    deep.mkdir()
    make_short_link(deep)
    link = socket_directory(deep)
    assert link.resolve() == deep
    assert len(str(link)) + 20 < LONGEST_SOCKET_PATH
    assert stat.S_IMODE(link.parent.stat().st_mode) == 0o700
    link.unlink()


def test_cluster_of_a_version_that_is_not_here_is_explained(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("9\n")
    prepare_postgres(tmp_path / "postgres")  # it exists, so it is left alone
    with pytest.raises(StackError, match="was made by PostgreSQL 9, which is not installed"):
        postgres(tmp_path / "postgres")
