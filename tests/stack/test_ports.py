"""A taken port gives one sentence with the way out."""

import socket

import pytest

from stack.errors import StackError
from stack.ports import check_ports, port_owner


def test_taken_port_names_the_port_the_variable_and_the_process() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(StackError) as problem:
            check_ports({"MILLRACE_PORT": port})
        text = str(problem.value)
    assert f"Port {port} is already taken by " in text
    assert "(process " in text
    assert "MILLRACE_PORT=" in text
    assert "\n" not in text


def test_free_ports_are_fine() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    check_ports({"MILLRACE_PORT": port})
    assert port_owner(port) is None


def test_two_variables_with_one_port_are_refused() -> None:
    with pytest.raises(StackError, match="MILLRACE_RTMP_PORT and MILLRACE_PORT are both 9"):
        check_ports({"MILLRACE_PORT": 9_001, "MILLRACE_RTMP_PORT": 9_001})
