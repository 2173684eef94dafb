"""A real server: loopback only, scram only, data kept, gone with its supervisor."""

import os
import signal
import socket
from dataclasses import replace
from pathlib import Path

import psutil
import psycopg
import pytest
from tests.integration.devenv.conftest import until

from devenv.backends import postgres
from devenv.instance import Instance
from devenv.passwords import InstancePasswords
from devenv.ports import HOST, PortChooser, can_bind
from devenv.problem import Problem
from devenv.processes.supervision import Supervision
from devenv.state import identities


def _up(instance: Instance, supervision: Supervision) -> int:
    port = PortChooser(instance=instance, free=can_bind).choose({}, frozenset())["postgres"]
    credentials = InstancePasswords.of(instance)
    request = postgres.prepare(instance, port, credentials).request(instance)
    supervision.ask([request])
    supervision.wait(request, lambda: postgres.accepts(port, credentials), seconds=40)
    postgres.ensure_database(port, credentials)
    return port


def _connect(port: int, password: str, user: str = postgres.ROLE) -> psycopg.Connection:
    return psycopg.connect(
        host=HOST, port=port, user=user, password=password, dbname=postgres.DATABASE, autocommit=True
    )


def test_data_survives_a_restart(instance: Instance, supervision: Supervision) -> None:
    password = InstancePasswords.of(instance).application
    with _connect(_up(instance, supervision), password) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 'Ñandú' AS name")
    supervision.end()
    supervision.ensure()
    with _connect(_up(instance, supervision), password) as connection:
        assert connection.execute("SELECT name, upper(name) FROM kept").fetchone() == ("Ñandú", "ÑANDÚ")


def test_it_is_set_up_as_a_developer_wants_it(instance: Instance, supervision: Supervision) -> None:
    with _connect(_up(instance, supervision), InstancePasswords.of(instance).application) as connection:
        wanted = {"fsync": "on", "shared_buffers": "128MB", "max_connections": "100", "TimeZone": "UTC"}
        for name, value in wanted.items():
            assert connection.execute("SELECT current_setting(%s)", (name,)).fetchone() == (value,)
        row = connection.execute("SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user").fetchone()
        assert row == (False, True)


def test_it_listens_on_loopback_only(instance: Instance, supervision: Supervision) -> None:
    port = _up(instance, supervision)
    server = identities(supervision.state.read())["postgres"]
    listening = {
        connection.laddr.ip
        for connection in psutil.Process(server.pid).net_connections()
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
    }
    assert listening == {HOST}


def test_a_wrong_password_is_refused(instance: Instance, supervision: Supervision) -> None:
    port = _up(instance, supervision)
    with pytest.raises(psycopg.OperationalError, match="password"):
        _connect(port, "wrong")
    with pytest.raises(Problem, match="password"):
        postgres.accepts(port, replace(InstancePasswords.of(instance), postgres="wrong"))


def test_no_server_outlives_a_killed_supervisor(instance: Instance, supervision: Supervision) -> None:
    port = _up(instance, supervision)
    supervisor = supervision.supervisor()
    server = identities(supervision.state.read())["postgres"]
    assert supervisor is not None
    family = psutil.Process(server.pid).children(recursive=True)
    os.kill(supervisor.pid, signal.SIGKILL)
    assert until(lambda: not server.alive() and not any(member.is_running() for member in family))
    assert until(lambda: can_bind(port))
    supervision.ensure()
    assert _up(instance, supervision)


def test_a_taken_port_is_reported_by_the_servers_own_words(instance: Instance, supervision: Supervision) -> None:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen()
        port = listener.getsockname()[1]
        credentials = InstancePasswords.of(instance)
        request = postgres.prepare(instance, port, credentials).request(instance)
        supervision.ask([request])
        with pytest.raises(Problem) as raised:
            supervision.wait(request, lambda: False, seconds=20)
    assert "postgres ended" in raised.value.sentence


def test_another_versions_data_is_reported(instance: Instance) -> None:
    data = postgres.prepare(instance, 1, InstancePasswords.of(instance)).data
    (data / "PG_VERSION").write_text("9\n")
    with pytest.raises(Problem) as raised:
        postgres.prepare(instance, 1, InstancePasswords.of(instance))
    assert "--wipe" in raised.value.fix


def test_a_bin_directory_without_programs_is_reported(instance: Instance, tmp_path: Path) -> None:
    asked = Instance(name="x", project=instance.project, environ={"MTD_PG_BINDIR": str(tmp_path)})
    with pytest.raises(Problem, match="MTD_PG_BINDIR"):
        postgres.find_programs(asked)
