"""What the documents say of the house is so."""

import re
import tomllib
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from api.documents import KINDS
from api.errors import ApiError, problem_types
from api.hypermedia.relations import EXTENSIONS
from api.models.base import METADATA
from api.models.housekeeping import COUNTERS
from api.uris import PATHS

ROOT = Path(__file__).parents[2]
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/README.md")]


def test_the_migrations_build_the_tables_of_the_models(empty_database):
    engine = sa.create_engine(f"sqlite:///{empty_database}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        differences = compare_metadata(context, METADATA)
    engine.dispose()
    ours = [each for each in differences if "_fulltext" not in str(each)]
    assert COUNTERS.metadata is METADATA
    assert ours == []


def test_every_noun_s_names_are_paths_and_relations():
    for kind in KINDS:
        assert {kind.name, kind.opened_at} <= PATHS.keys()
        assert kind.relation in relations_told()
        assert kind.is_single or kind.member_relation in relations_told()


def test_a_kind_has_the_parent_of_its_model():
    for kind in KINDS:
        assert (kind.parent and kind.parent.model) is kind.model.parent


def relations_told():
    return {each.name for each in EXTENSIONS.values()}


NOUNS = {kind.schema_class.__module__.rpartition(".")[2] for kind in KINDS}


@pytest.mark.parametrize("noun", sorted(NOUNS))
def test_a_noun_has_one_file_name_in_every_layer(noun):
    for folder in ("api/models", "api/documents", "schemas"):
        assert (ROOT / folder / f"{noun}.py").is_file()
    assert (ROOT / "tests" / "nouns" / f"test_{noun}.py").is_file()


def test_the_tree_of_errors_is_drawn_whole():
    drawn = (ROOT / "api" / "errors.py").read_text(encoding="utf-8").split('"""')[1]
    for error in (ApiError, *problem_types().values()):
        assert re.search(rf"\b{error.__name__}\b", drawn), error


def test_every_dependency_has_a_decision():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    client = tomllib.loads((ROOT / "client/pyproject.toml").read_text(encoding="utf-8"))
    wanted += client["project"]["dependencies"]
    wanted += client["project"]["optional-dependencies"]["command"]
    told = " ".join(
        page.read_text(encoding="utf-8").lower()
        for page in (ROOT / "docs" / "decisions").glob("*.md")
    )
    for each in wanted:
        name = re.split(r"[<>=~\[]", each)[0].lower()
        assert name in told, name


def test_decisions_are_at_most_forty_lines():
    for page in (ROOT / "docs" / "decisions").glob("*.md"):
        assert page.read_text(encoding="utf-8").count("\n") <= 40, page.name


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_and_paths_in_documents_lead_somewhere(document):
    text = document.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", text):
        assert (document.parent / target).exists(), target
    for path in re.findall(r"`((?:api|schemas|tests|docs|data)/[\w./-]+)`", text):
        assert (ROOT / path).exists(), path


def test_modules_are_no_longer_than_four_hundred_lines():
    for folder in ("api", "schemas", "client"):
        for path in (ROOT / folder).rglob("*.py"):
            # The errors are one tree, to be read in one place.
            is_tree = path.name == "errors.py"
            assert is_tree or path.read_text(encoding="utf-8").count("\n") <= 400, path
