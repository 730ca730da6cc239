"""Ops on datasets: import, look, divide, write out."""

from collections.abc import Generator

from millrace.core.context import Context
from millrace.core.events import Event
from millrace.core.registry import op
from millrace.dataset import params as p
from millrace.dataset import results as r


@op("dataset.import", effect="write")
def import_file(params: p.ImportParams, ctx: Context) -> Generator[Event, None, r.ImportResult]:
    """Import a file, folder of images, object or SQL query as a dataset version.

    Encoding, delimiter, header and types are detected from the head and shown with reasons;
    each can be set. A row that cannot be read, or does not fit its column, goes to
    `<name>-quarantine` with its line and reason. When later values show that a type was too
    narrow (a decimal among whole numbers), the import begins again with a wider one; when
    more than 1 % of a column does not fit, the column is kept as text.
    All rows become one new version, or none; killed half-way it goes on where it was.
    Writes: a dataset, and one of rows set aside.     Random: none
    Cost: less than twice the CPU of writing the rows to Parquet; a few blocks of 16 MiB.
    Errors: not_found, no such file; invalid_input, no rows, too wide or too long a record;
    conflict, the source changed meanwhile; not_allowed, a place only the owner may read.
    """
    from millrace.dataset import importing

    return (yield from importing.run(params, ctx))


@op("dataset.preview", effect="read")
def preview(params: p.PreviewParams, ctx: Context) -> r.PreviewResult:
    """Show what an import of a source would do, without doing it.

    Takes the options of `dataset.import` and decides by the same code: encoding, delimiter,
    header, types with reason and confidence, the first rows as they would be read, and those
    of the head that would be set aside. Nothing is written; what comes after the head (16 MiB)
    can still widen a type.
    Cost: the head only, whatever the size of a CSV or Parquet file; JSON arrays and Excel
    sheets are read whole.
    Errors: not_found, no such file; invalid_input, no rows, too wide or too long a record;
    not_allowed, a place only the owner may read, or a role that may not import.
    """
    from millrace.dataset.looking import preview as looking

    return looking.preview(params, ctx)


@op("dataset.describe", effect="read")
def describe(params: p.DescribeParams, ctx: Context) -> r.DescribeResult:
    """Describe a dataset: schema, statistics of each column, examples.

    Above `rows` rows the statistics are of 16 blocks spread evenly over the table, and `notes`
    says so. The result is kept: the same version is described once.
    Units: lengths in characters.     Random: none
    Cost: up to four passes over each column, in bounded memory; about 0.6 CPU-s for
    10 columns.
    Errors: not_found, no such dataset; invalid_input, no such column.
    """
    from millrace.dataset.looking import describe as looking

    return looking.describe(params, ctx)


@op("dataset.rows", effect="read")
def rows(params: p.RowsPageParams, ctx: Context) -> r.RowsPage:
    """Show one page of rows: filtered, searched, sorted, or those with certain ids.

    Long text is cut and bytes are shown as their size. A version never changes, so pages fit
    together: rows stand in the order of the table, with `sort` rows of equal value by id, with
    `ids` as asked. `total_is` says whether the total is exact: a search in more than 2,000,000
    rows is counted in the first of them only, unless `count` is full.
    Cost: a page at any depth about 1 CPU-ms; filtered or sorted, one pass over the columns
    concerned, in bounded memory.
    Errors: not_found, no such dataset; invalid_input, no such column, a filter that does not fit
    it, or a sorted page beyond row 100,000.
    """
    from millrace.dataset.looking import rows as looking

    return looking.rows(params, ctx)


@op("dataset.list", effect="read")
def list_datasets(params: p.ListParams, ctx: Context) -> r.ListResult:
    """List the datasets and the newest version of each."""
    from millrace.dataset.looking import versions as looking

    return looking.listing(params, ctx)


@op("dataset.versions", effect="read")
def versions(params: p.VersionsParams, ctx: Context) -> r.VersionsResult:
    """List the versions of a dataset, the newest first.

    Errors: not_found, no such dataset.
    """
    from millrace.dataset.looking import versions as looking

    return looking.versions(params, ctx)


@op("dataset.diff", effect="read")
def diff(params: p.DiffParams, ctx: Context) -> r.DiffResult:
    """Show the rows, cells and columns by which two versions differ.

    Rows are matched by their id, which new versions keep and a new import does not. All are
    counted, the first `shown` of each kind are listed, changed ones with old and new cells.
    Cost: one pass over both versions; beyond 512 MB the join spills to disk.
    Errors: not_found, no such version; invalid_input, versions of different datasets.
    """
    from millrace.dataset.looking import diff as looking

    return looking.diff(params, ctx)


@op("dataset.split", effect="write")
def split(params: p.SplitParams, ctx: Context) -> r.SplitResult:
    """Divide the rows into train, validation and test, and check for leaks.

    Writes a new version with a column that names the part. Use `stratified` to keep the share
    of each class, `group` to keep what belongs together in one part, `time` to train on the
    past and test on the future. The check counts equal rows (ids left out), equal texts and
    groups that occur in several parts. With `separate` each part is a dataset of its own too.
    Random: seeded by params.seed.     Reads: all columns.
    Errors: not_found, no such dataset; invalid_input, no such column or too few groups.
    """
    from millrace.dataset.writing import dividing

    return dividing.split(params, ctx)


@op("dataset.sample", effect="write")
def sample(params: p.SampleParams, ctx: Context) -> r.SampleResult:
    """Draw rows at random into a dataset of their own.

    The rows keep their ids and order; with `by`, every class keeps its share.
    Random: seeded by params.seed.
    Errors: not_found, no such dataset; invalid_input, no such column.
    """
    from millrace.dataset.writing import dividing

    return dividing.sample(params, ctx)


@op("dataset.add_column", effect="write")
def add_column(params: p.AddColumnParams, ctx: Context) -> r.AddColumnResult:
    """Add a column computed from the others, or the same value for every row.

    The expression is SQL as DuckDB reads it, over one row: arithmetic, comparisons, `case`,
    `cast`, and the functions of text, numbers and dates that its error lists. Names with
    spaces stand in double quotes, text in single ones.
    Writes: a new version; the columns there are keep their files, rows keep their ids.
    Random: none.     Cost: one pass over the columns read, in bounded memory.
    Errors: not_found, no such dataset; invalid_input, no such column, an expression that cannot
    be read or computed; conflict, not the newest version.
    """
    from millrace.dataset.writing import changing

    return changing.add_column(params, ctx)


@op("dataset.delete_rows", effect="destructive")
def delete_rows(params: p.DeleteRowsParams, ctx: Context) -> r.DeleteRowsResult:
    """Delete the rows that fit a filter, or those with certain ids.

    Unless `only_count` is false, nothing is deleted. Older versions keep the rows, so that
    `dataset.restore` brings them back.
    Writes: a new version without the rows.
    Cost: one pass over the columns of the filter.
    Errors: not_found, no such dataset; invalid_input, a filter that does not fit; conflict,
    not the newest version.
    """
    from millrace.dataset.writing import changing

    return changing.delete_rows(params, ctx)


@op("dataset.restore", effect="write")
def restore(params: p.RestoreParams, ctx: Context) -> r.RestoreResult:
    """Make an older version the newest again.

    The versions between stay as they are. Rows added later get ids that none of them used.
    Writes: a new version that equals the older one; its files are shared.
    Cost: next to nothing; files that rows were deleted from are written anew.
    Errors: not_found, no such version; conflict, it is the newest already.
    """
    from millrace.dataset.writing import changing

    return changing.restore(params, ctx)


@op("dataset.export", effect="write")
def export(params: p.ExportParams, ctx: Context) -> r.ExportResult:
    """Write a dataset to a CSV, JSON lines or Parquet file.

    The file appears whole or not at all. In CSV, text that a spreadsheet would run as a
    formula (it begins with = + - @ tab or CR) gets a ' before it, and so does text that
    begins with '; an import with `restore` takes the marks off again.
    Writes: one file.     Cost: one pass in bounded memory.
    Errors: conflict, the file exists; invalid_input, no such folder or kind; not_allowed, a
    place only the owner may write.
    """
    from millrace.dataset.writing import files

    return files.export(params, ctx)


@op("dataset.tag", effect="write")
def tag(params: p.TagParams, ctx: Context) -> r.TagResult:
    """Give a version a name that can be moved later.

    Errors: not_found, no such version; invalid_input, a name that cannot be.
    """
    from millrace.dataset.looking import versions as looking

    return looking.tag(params, ctx)


@op("dataset.delete", effect="destructive")
def delete(params: p.DeleteParams, ctx: Context) -> r.DeleteResult:
    """Delete a dataset version; its data stays until retention removes it.

    Errors: not_found, no such version; conflict, a tag points at it.
    """
    from millrace.stores.artifacts import Artifacts

    found = ctx.use(Artifacts).delete(ctx, params.dataset, "dataset")
    return r.DeleteResult(dataset=found.ref)


@op("dataset.compact", effect="write")
def compact(params: p.CompactParams, ctx: Context) -> r.CompactResult:
    """Join the small files of a dataset that was written bit by bit.

    The next version is built on the joined files. Versions there are keep the files they
    have, so disk is freed by deleting old versions and `dataset.clean_up`.
    Writes: data files; rows, ids and versions stay as they are.
    Errors: not_found, no such dataset.
    """
    from millrace.dataset.looking import versions as looking

    return looking.compact(params, ctx)


@op("dataset.clean_up", effect="destructive")
def clean_up(params: p.CleanUpParams, ctx: Context) -> r.CleanUpResult:
    """Remove data files that no version of a dataset needs.

    Every version that is not deleted keeps all its files; of deleted versions and unfinished
    work only what is older than `older_than` goes. Unless `only_count` is false, nothing does.
    Writes: removes data files for good.
    Errors: not_found, no such dataset.
    """
    from millrace.dataset.looking import versions as looking

    return looking.clean_up(params, ctx)
