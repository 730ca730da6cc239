"""SQL expressions over the columns of a row: parsed by DuckDB, held to a closed grammar.

Nothing a user wrote is executed as it stands. DuckDB's parser turns it into a tree; each node of
the tree must be of a kind listed here and each function one of those below (none reads a file,
the clock or chance, none looks at other rows); the statement that runs is written from the tree.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from millrace.core.errors import InvalidInput, choices

ALLOWED = {
    "functions": """+ - * / // % ** ^ || ~~ !~~ ~~* !~~* ~~~
        abs ceil ceiling floor round trunc sign sqrt cbrt exp ln log log2 log10 pow power mod
        greatest least sin cos tan asin acos atan atan2 radians degrees pi isnan isfinite isinf
        lower upper trim ltrim rtrim length len strlen left right substring substr reverse
        contains starts_with ends_with prefix suffix position instr strpos split_part concat
        concat_ws replace regexp_matches regexp_full_match regexp_extract regexp_replace md5
        sha256 year month day hour minute second millisecond quarter week weekday dayofweek isodow
        dayofyear dayofmonth weekofyear dayname monthname date_part datepart date_trunc datetrunc
        date_diff datediff date_sub datesub last_day make_date to_days to_months to_years to_hours
        to_minutes to_seconds to_weeks strftime strptime try_strptime epoch epoch_ms
        nullif ifnull if""",
    "operators": """COMPARE_IN COMPARE_NOT_IN OPERATOR_NOT OPERATOR_IS_NULL
        OPERATOR_IS_NOT_NULL OPERATOR_COALESCE OPERATOR_TRY""",
    "types": """BOOLEAN TINYINT SMALLINT INTEGER BIGINT UTINYINT USMALLINT UINTEGER UBIGINT
        HUGEINT FLOAT DOUBLE DECIMAL VARCHAR DATE TIMESTAMP TIMESTAMPTZ INTERVAL
        INT LONG REAL NUMERIC TEXT STRING DATETIME""",
    "plain": "CONSTANT COMPARISON CONJUNCTION CASE BETWEEN CAST TYPE",
    "whole": "TINYINT SMALLINT INTEGER BIGINT UTINYINT USMALLINT UINTEGER UBIGINT",
}
FUNCTIONS, OPERATORS, TYPES, PLAIN, WHOLE = (frozenset(words.split()) for words in ALLOWED.values())
ZONED = "TIMESTAMP WITH TIME ZONE"
REPLACING = {"replace": 2, "regexp_replace": 2}  # function: which argument is put in
DEPTH = 60
GROWTH = 100  # times its input that a text may become
CONSTANT = 10_000  # characters that constants may add to a text
SLICE = 2 * 2**20  # bytes of input computed at a time, for each time of growth
STORED: dict[str, tuple[str, pa.DataType]] = {
    "BOOLEAN": ("BOOLEAN", pa.bool_()),
    **dict.fromkeys(WHOLE, ("BIGINT", pa.int64())),
    **dict.fromkeys(("FLOAT", "DOUBLE", "HUGEINT", "UHUGEINT"), ("DOUBLE", pa.float64())),
    "VARCHAR": ("VARCHAR", pa.string()),
    "UUID": ("VARCHAR", pa.string()),
    "DATE": ("DATE", pa.date32()),
    **dict.fromkeys(
        ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"),
        ("TIMESTAMP", pa.timestamp("us")),
    ),
    ZONED: ("TIMESTAMPTZ", pa.timestamp("us", "UTC")),
}


@dataclass(frozen=True)
class Size:
    """How long a text can become: times the longest input, and characters besides."""

    times: int = 0
    more: int = 0


class Expression:
    """One checked expression, ready to compute; close it after use."""

    def __init__(self, text: str, schema: pa.Schema) -> None:
        self.db = duckdb.connect(
            config={"threads": 1, "memory_limit": "512MB", "enable_external_access": "false"}
        )
        self.db.execute("set timezone = 'UTC'")
        self.db.execute("set python_enable_replacements = false")
        self.schema = schema
        self.reads: list[str] = []
        statement = self._parsed(text)
        size = self._checked(statement["node"]["select_list"][0])
        if size.times > GROWTH or size.more > CONSTANT:
            raise _refused("text that grows too long", "Replace by shorter texts.")
        self.slice = SLICE // max(size.times, 1) * 8
        sql = self._ask("select json_deserialize_sql(?)", json.dumps({"statements": [statement]}))
        sql, self.type = self._typed(str(sql))
        self.sql = sql

    def close(self) -> None:
        """Let go of the database."""
        self.db.close()

    def compute(self, batch: pa.RecordBatch) -> pa.Array:
        """Return the value of each row.

        Errors: invalid_input, a value that cannot be computed.
        """
        table = pa.Table.from_batches([batch]).select(self.reads)
        rows = max(1, min(table.num_rows, self.slice * table.num_rows // max(table.nbytes, 1)))
        parts = [
            self._run(table.slice(at, rows), batch.num_rows if not self.reads else rows)
            for at in range(0, table.num_rows if self.reads else 1, rows)
        ]
        return pa.chunked_array(parts, self.type).combine_chunks()

    def _run(self, rows: pa.Table, times: int) -> pa.Array:
        shown = rows if self.reads else pa.table({"none": pa.nulls(times)})
        self.db.register(
            "rows", shown.rename_columns([f"c{at}" for at in range(len(shown.columns))])
        )
        try:
            made = self.db.sql(self.sql).to_arrow_table().column(0)
        except duckdb.Error as error:
            raise InvalidInput(
                f"The expression cannot be computed: {_said(error)}.",
                "Guard it, as in try(...), coalesce(a, 0) or case when ... end.",
                field="expression",
            ) from error
        finally:
            self.db.unregister("rows")
        return made.cast(self.type).combine_chunks()

    def _ask(self, query: str, *values: Any) -> Any:
        return self.db.execute(query, list(values)).fetchall()[0][0]

    def _parsed(self, text: str) -> dict[str, Any]:
        """Return DuckDB's tree of `select (text) from rows`, and nothing but that."""
        query = "select json_serialize_sql(?)"
        try:
            found = json.loads(self._ask(query, f"select (\n{text}\n) from rows"))
            frame = json.loads(self._ask(query, "select (null) from rows"))["statements"]
        except (duckdb.Error, RecursionError) as error:
            raise _refused("something that cannot be read", "Write it shorter.") from error
        if found["error"]:
            raise InvalidInput(
                f"The expression cannot be read: {found['error_message'][:120]}.",
                "Write one SQL expression, such as price * 1.2 or upper(city).",
                field="expression",
            )
        statements = found["statements"]
        if _bare(statements) != _bare(frame) or len(statements[0]["node"]["select_list"]) != 1:
            raise _refused("more than one expression", "Write one expression over the columns.")
        return statements[0]

    def _checked(self, node: dict[str, Any], depth: int = 0) -> Size:
        """Hold one node to the grammar, name its columns anew, and say how long it can become."""
        kind, what = node["class"], node["type"]
        if depth > DEPTH:
            raise _refused("too many levels", "Write it flatter.")
        if kind == "COLUMN_REF":
            return self._column(node)
        if kind == "TYPE" and (
            node["type_name"].upper() not in TYPES | {ZONED} or node["schema"] or node["catalog"]
        ):
            raise _refused(
                f"the type '{node['type_name'][:40]}'", f"Use {choices(sorted(TYPES), 20)}."
            )
        if kind == "FUNCTION":
            return self._function(node, depth)
        if kind not in PLAIN and not (kind == "OPERATOR" and what in OPERATORS):
            raise _refused(
                f"'{what.lower().replace('_', ' ')}'",
                "Use columns, constants and functions of one row.",
            )
        sizes = [self._checked(child, depth + 1) for child in _children(node)]
        own = len(node["literal"].get("text") or "") if kind == "CONSTANT" else 0
        return Size(sum(s.times for s in sizes), own + sum(s.more for s in sizes))

    def _function(self, node: dict[str, Any], depth: int) -> Size:
        name = node["function_name"].lower()
        odd = (node["schema"], node["catalog"], node["filter"], node["distinct"])
        if name not in FUNCTIONS or any(odd) or node["order_bys"]["orders"]:
            known = sorted(word for word in FUNCTIONS if word[0].isalpha())
            raise _refused(f"the function '{name[:40]}'", f"Those there are: {', '.join(known)}.")
        given = [argument["expression"] for argument in node["arguments"]]
        sizes = [self._checked(child, depth + 1) for child in given]
        times, more = sum(s.times for s in sizes), sum(s.more for s in sizes)
        at = REPLACING.get(name)
        if at is not None and len(given) > at:
            if given[at]["class"] != "CONSTANT":
                raise _refused(
                    f"'{name}' with a text that is no constant", "Write the text in quotes."
                )
            factor = max(1, sizes[at].more)
            times, more = times * factor, more * factor
        return Size(times, more)

    def _column(self, node: dict[str, Any]) -> Size:
        path = node["column_names"]
        name = ".".join(path)
        names = self.schema.names
        alike = [one for one in names if one.lower() == name.lower()]
        if name not in names and len(alike) == 1:
            name = alike[0]
        if name not in names:
            raise InvalidInput(
                f"Column '{name[:80]}' is not there.",
                f"The columns are {choices([one for one in names if one != '_id'], 20)}; "
                "text stands in single quotes.",
                field="expression",
                column=name[:80],
            )
        if name not in self.reads:
            self.reads.append(name)
        node["column_names"] = [f"c{self.reads.index(name)}"]
        return Size(1)

    def _typed(self, sql: str) -> tuple[str, pa.DataType]:
        """Return the statement with its value in a type that is stored, and that type."""
        empty = self.schema.empty_table().select(self.reads)
        empty = empty.rename_columns([f"c{at}" for at in range(len(self.reads))])
        self.db.register("rows", empty if self.reads else pa.table({"none": pa.nulls(0)}))
        try:
            found = str(self.db.execute(f"describe {sql}").fetchall()[0][1])
        except duckdb.Error as error:
            raise InvalidInput(
                f"The expression does not fit the columns: {_said(error)}.",
                "Convert with cast(... as ...).",
                field="expression",
            ) from error
        finally:
            self.db.unregister("rows")
        stored = (
            STORED["DOUBLE" if found.startswith("DECIMAL") else found]
            if (found in STORED or found.startswith("DECIMAL"))
            else None
        )
        if stored is None:
            raise _refused(
                f"a value of type {found[:40]}", "Convert it, as in cast(... as varchar)."
            )
        return f"select cast(value as {stored[0]}) from ({sql}) as made(value)", stored[1]


def _bare(tree: Any) -> Any:
    """Return a tree without what the user wrote and where it stood."""
    if isinstance(tree, dict):
        gone = ("select_list", "query_location", "query_location_length")
        return {key: _bare(value) for key, value in tree.items() if key not in gone}
    return [_bare(value) for value in tree] if isinstance(tree, list) else tree


def _children(node: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for value in node.values():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict) and "class" in one:
                found.append(one)
            elif isinstance(one, dict):
                found += _children(one)
    return found


def _said(error: duckdb.Error) -> str:
    """Return what is wrong without the values of a row."""
    said = str(error).split("\n", 1)[0].split(": ", 1)[-1]
    return re.split(r"['\"(]", said)[0].strip()[:160]


def _refused(what: str, hint: str) -> InvalidInput:
    return InvalidInput(f"The expression holds {what}.", hint, field="expression")
