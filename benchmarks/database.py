"""The database that is measured: the catalogue that ships, loaded once and kept."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parent.parent
_KEPT = PROJECT / "var" / "bench"
_CATALOGUE = PROJECT / "data" / "gutenberg.csv.gz"
_MAKERS = (
    "api/catalogue.py",
    "api/models",
    "api/storage/loading.py",
    "api/storage/migrations",
)
_LOADING_SECONDS = 120


def fresh_copy(directory: Path) -> str:
    """The URL of a copy in the directory, so that writes change no later run."""
    path = directory / "bench.db"
    shutil.copyfile(_kept_database(), path)
    return f"sqlite:///{path}"


def environment(url: str, **more: str) -> dict[str, str]:
    """The environment of a process that works on the database."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("WAYMARK_")
    }
    return {**inherited, "WAYMARK_DATABASE_URL": url, **more}


def _kept_database() -> Path:
    """The loaded database; made anew when the catalogue or what loads it changed."""
    kept = _KEPT / f"{_digest()}.db"
    if kept.exists():
        return kept
    shutil.rmtree(_KEPT, ignore_errors=True)
    _KEPT.mkdir(parents=True)
    made = _KEPT / "loading.db"
    for command in ("migrate", "load-catalogue"):
        subprocess.run(
            [sys.executable, "-m", "api", command],
            cwd=PROJECT,
            env=environment(f"sqlite:///{made}"),
            check=True,
            timeout=_LOADING_SECONDS,
            stdout=sys.stderr,
        )
    made.rename(kept)
    for beside in _KEPT.glob("loading.db*"):
        beside.unlink()
    return kept


def _digest() -> str:
    digest = hashlib.sha256(_CATALOGUE.read_bytes())
    for name in _MAKERS:
        path = PROJECT / name
        for source in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(source.read_bytes())
    return digest.hexdigest()[:16]
