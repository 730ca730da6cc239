"""The tables of the control plane; a capability's own tables stand in its `store.py`."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()
# SQLite counts up only in columns of exactly this type.
Sequence = BigInteger().with_variant(Integer, "sqlite")

artifact = Table(
    "artifact",
    metadata,
    Column("project", String(64), primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("meta", JSON, nullable=False),
    Column("job", String(64)),
    Column("actor", String(128), nullable=False),
    Column("created_at", Float, nullable=False),
    Column("deleted_at", Float),
)

alias = Table(
    "alias",
    metadata,
    Column("project", String(64), primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("alias", String(64), primary_key=True),
    Column("version", Integer, nullable=False),
)

alias_change = Table(
    "alias_change",
    metadata,
    Column("id", Sequence, primary_key=True),
    Column("project", String(64), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("name", String(64), nullable=False),
    Column("alias", String(64), nullable=False),
    Column("version", Integer),
    Column("previous", Integer),
    Column("actor", String(128), nullable=False),
    Column("at", Float, nullable=False),
    Index("alias_change_of", "project", "kind", "name", "alias"),
)

lineage = Table(
    "lineage",
    metadata,
    Column("project", String(64), primary_key=True),
    Column("child", String(160), primary_key=True),
    Column("parent", String(160), primary_key=True),
    Index("lineage_parent", "project", "parent"),
)

job = Table(
    "job",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("op", String(128), nullable=False),
    Column("op_version", Integer, nullable=False),
    Column("project", String(64), nullable=False),
    Column("actor", JSON, nullable=False),
    Column("params", JSON, nullable=False),
    Column("key", String(200)),
    Column("parent", String(64)),
    Column("queue", String(64), nullable=False),
    Column("priority", Integer, nullable=False, default=0),
    Column("state", String(16), nullable=False),
    Column("stopping", Integer, nullable=False, default=0),
    Column("epoch", Integer, nullable=False, default=0),
    Column("attempt", Integer, nullable=False, default=0),
    Column("executor", String(64)),
    Column("workflow", String(80)),
    Column("not_before", Float, nullable=False, default=0.0),
    Column("done", Float, nullable=False, default=0.0),
    Column("total", Float),
    Column("note", Text, nullable=False, default=""),
    Column("busy", Float, nullable=False, default=0.0),
    Column("created_at", Float, nullable=False),
    Column("started_at", Float),
    Column("ended_at", Float),
    Column("result", JSON),
    Column("error", JSON),
    UniqueConstraint("project", "key", name="job_key"),
    Index("job_state", "state", "created_at"),
    Index("job_parent", "parent"),
    Index("job_executor", "executor"),
)

job_stage = Table(
    "job_stage",
    metadata,
    Column("job", String(64), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("project", String(64), nullable=False),
    Column("mode", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("base", BigInteger, nullable=False),
    Column("cursor", JSON),
    Column("rows", BigInteger, nullable=False, default=0),
    Column("next_id", BigInteger, nullable=False, default=0),
    Column("meta", JSON),
)

job_batch = Table(
    "job_batch",
    metadata,
    Column("job", String(64), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("batch", Integer, primary_key=True, autoincrement=False),
    Column("fragments", JSON, nullable=False),
    Column("rows", BigInteger, nullable=False),
)

job_checkpoint = Table(
    "job_checkpoint",
    metadata,
    Column("job", String(64), primary_key=True),
    Column("state", JSON, nullable=False),
    Column("at", Float, nullable=False),
)

event = Table(
    "event",
    metadata,
    Column("seq", Sequence, primary_key=True),
    Column("project", String(64), nullable=False),
    Column("job", String(64)),
    Column("kind", String(64), nullable=False),
    Column("data", JSON, nullable=False),
    Column("at", Float, nullable=False),
    Index("event_job", "job", "seq"),
    sqlite_autoincrement=True,
)

executor = Table(
    "executor",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("host", String(128), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("at", Float, nullable=False),
    Column("state", String(16), nullable=False),
)
