"""The functions of SQLite that our statements use, made for PostgreSQL.

Both engines must find the same. Python's `sort_key` and the words of FTS5 are made
character by character, so what becomes of each one is asked here and written into the
functions: they depend on no table, no locale and no version of Unicode but ours.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing

from alembic import op

from api.models.base import sort_key
from api.storage.transactions import driver_of

_SORTED = (range(0x80, 0xD800), range(0xE000, 0x30000))
"""Beyond these `sort_key` changes nothing."""
_SEARCHED = (range(0x80, 0xD800), range(0xE000, 0x20000), range(0xE0000, 0xE0200))
"""Beyond these every character is a part of a word and stays as it is."""
_TOKENIZER = "tokenize='unicode61 remove_diacritics 2'"
_ASKED_AT_ONCE = 500

_INSTR = """
CREATE FUNCTION instr(text, text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN strpos($1, $2)
"""
_JSON_EACH = """
CREATE FUNCTION json_each(given text) RETURNS TABLE (value text)
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC SELECT json_array_elements_text(given::json); END
"""
# Where a text has as many octets as characters it is ASCII.
_SORT_KEY = """
CREATE FUNCTION sort_key(given text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $function$
BEGIN
  IF octet_length(given) = char_length(given) THEN
    RETURN lower(given COLLATE "C");
  END IF;
  RETURN (
    SELECT string_agg(coalesce($folds${folds}$folds$::jsonb ->> c, c), '' ORDER BY n)
    FROM string_to_table(lower(given COLLATE "C"), NULL) WITH ORDINALITY AS t (c, n)
  );
END $function$
"""
# An index takes words of less than 2 KiB and places up to 16383.
_SEARCH_VECTOR = """
CREATE FUNCTION search_vector(given text, weight text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $function$
DECLARE folded text;
BEGIN
  given := lower(coalesce(given, '') COLLATE "C");
  IF octet_length(given) = char_length(given) THEN
    folded := given;
  ELSE
    folded := (
      SELECT string_agg(coalesce($folds${folds}$folds$::jsonb ->> c, c), '' ORDER BY n)
      FROM string_to_table(given, NULL) WITH ORDINALITY AS t (c, n)
    );
  END IF;
  folded := regexp_replace(folded COLLATE "C", '[\\x01-/:-@[-`{{-\\x7f]+', ' ', 'g');
  RETURN (
    SELECT coalesce(string_agg(
      '''' || CASE WHEN octet_length(word) < 2000 THEN word ELSE md5(word) END
      || ''':' || least(n, 16383) || weight, ' '), '')::tsvector
    FROM string_to_table(btrim(folded), ' ') WITH ORDINALITY AS t (word, n)
    WHERE word <> ''
  );
END $function$
"""
_SEARCH_QUERY = """
CREATE FUNCTION search_query(words text, weight text) RETURNS tsquery
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
  SELECT coalesce(string_agg(phrase, ' & '), '')::tsquery
  FROM string_to_table(words, ' ') AS word, LATERAL (
    SELECT string_agg('''' || lexeme || ''':' || weight, ' <-> ' ORDER BY place)
    FROM unnest(search_vector(word, '')) AS v (lexeme, places, weights),
    unnest(places) AS place
  ) AS found (phrase)
  WHERE phrase IS NOT NULL;
END
"""


def create_functions() -> None:
    """Create all of them."""
    # The driver alone takes a per cent sign as it is.
    run = driver_of(op.get_bind()).execute
    run(_INSTR)
    run(_JSON_EACH)
    run(_SORT_KEY.format(folds=_json(_sort_folds())))
    run(_SEARCH_VECTOR.format(folds=_json(_search_folds())))
    run(_SEARCH_QUERY)


def _json(folds: Iterator[tuple[str, str]]) -> str:
    changed = {one: other for one, other in folds if one != other}
    return json.dumps(changed, ensure_ascii=False, separators=(",", ":"))


def _sort_folds() -> Iterator[tuple[str, str]]:
    for points in _SORTED:
        for one in map(chr, points):
            yield one, sort_key.__wrapped__(one)


def _search_folds() -> Iterator[tuple[str, str]]:
    """Each character, and what FTS5 makes of it in a word; a blank ends the word."""
    points = [point for each in _SEARCHED for point in each]
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute(f"CREATE VIRTUAL TABLE t USING fts5(w, {_TOKENIZER})")
        database.execute("CREATE VIRTUAL TABLE v USING fts5vocab(t, 'instance')")
        for start in range(0, len(points), _ASKED_AT_ONCE):
            asked = list(map(chr, points[start : start + _ASKED_AT_ONCE]))
            text = " ".join(f"<a{one}b" for one in asked)
            database.execute("INSERT INTO t (rowid, w) VALUES (1, ?)", [text])
            found = database.execute("SELECT term FROM v ORDER BY offset")
            words = iter([term for (term,) in found])
            for one in asked:
                word = next(words)
                if word == "a":
                    next(words)
                    yield one, " "
                else:
                    yield one, word[1:-1]
            database.execute("DELETE FROM t")
