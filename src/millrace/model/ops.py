"""Ops that keep models."""

from millrace.core.context import Context
from millrace.core.registry import op
from millrace.model import types as t


@op("model.list", effect="read")
def list_models(params: t.ListParams, ctx: Context) -> t.ListResult:
    """List the models of the project, the newest version of each."""
    from millrace.model.store import reading
    from millrace.stores.artifacts import Artifacts

    found = reading.newest(ctx)
    page = found[params.offset : params.offset + params.limit]
    artifacts = ctx.use(Artifacts)
    lines = [
        reading.line(made, artifacts.aliases("model", made.name, ctx.project)) for made in page
    ]
    return t.ListResult(models=lines, total=len(found))


@op("model.show", effect="read")
def show(params: t.ModelParams, ctx: Context) -> t.ShowResult:
    """Show one model version: inputs, members, aliases, history, reports.

    Errors: not_found, no such model, version or alias.
    """
    from millrace.model.store import reading
    from millrace.stores.artifacts import Artifacts
    from millrace.stores.models import Models

    found = ctx.use(Models).get(params.model, ctx.project)
    artifacts = ctx.use(Artifacts)
    aliases = artifacts.aliases("model", found.name, ctx.project)
    made = reading.manifest(ctx, found)
    weights = made.weights()
    reports = reading.reports(ctx, found.ref)
    return t.ShowResult(
        **reading.line(found, aliases).model_dump(),
        classes=list(made.classes),
        features=[
            t.FeatureLine(name=f.name, type=f.type, missing=f.missing / f.rows if f.rows else None)
            for f in made.features
        ],
        members=[
            t.MemberLine(name=m.name, kind=m.kind, weight=weights[m.name], score=m.score)
            for m in made.members
            if m.name in weights
        ],
        encoder=made.encoder.name if made.encoder else "",
        rows=made.rows,
        versions=[
            reading.line(one, aliases)
            for one in artifacts.versions("model", found.name, ctx.project)
        ],
        history=reading.history(ctx, found.name),
        parents=reading.parents(ctx, found.ref),
        reports=[report.ref for report in reports],
        evaluations=reading.of_type(reports, "evaluation"),
        explanations=reading.of_type(reports, "importance"),
        job=found.job or "",
    )


@op("model.compare", effect="read")
def compare(params: t.CompareParams, ctx: Context) -> t.CompareResult:
    """Compare two model versions: what a promotion would change.

    Figures are those recorded when the versions were made and those of the newest evaluation
    of each on the same dataset. 'evaluation.compare' tests whether they differ beyond chance.
    Errors: not_found, no such model, version or alias.
    """
    from millrace.model.store import contrast

    return contrast.compare(ctx, params.model, params.to)


@op("model.describe", effect="read")
def describe(params: t.ModelParams, ctx: Context) -> t.DescribeResult:
    """Describe a model version: its card as Markdown, as it would be written now.

    What a person said in the newest card that was kept is taken over.
    Errors: not_found, no such model, version or alias.
    """
    from millrace.model.store import origin

    return origin.describe(ctx, params.model)


@op("model.register", effect="write")
def register(params: t.RegisterParams, ctx: Context) -> t.TakenResult:
    """Register a model folder that lies outside the workspace.

    The folder (or zip of it) holds manifest.json and the files it names, and nothing else:
    it is read as data, and nothing in it is run. Packages that 'model.export' made go through
    'model.import', which checks their hashes.
    Writes: one model version.
    Errors: invalid_input, no model, a damaged one or files that have no business there;
    limit_reached, too large; conflict, made by a newer Millrace or for another encoder.
    """
    from millrace.model.engine.package import open_bare
    from millrace.model.store import files

    ref, opened, notes = files.take_in(ctx, open_bare, params.path, params.name, params.max_bytes)
    return _taken(ref, opened, notes)


@op("model.import", effect="write")
def import_package(params: t.ImportParams, ctx: Context) -> t.TakenResult:
    """Import a package that 'model.export' made as the next model version.

    Every file is checked against the hash listed in export.json; files that are not listed,
    links, paths that lead outside and packages that unpack to too much are refused. Nothing in
    it is run. Hashes find damage, not forgery: import only what you trust to be right.
    Writes: one model version.
    Errors: invalid_input, not a package or damaged; limit_reached, too large; conflict, made
    by a newer Millrace or for another encoder.
    """
    from millrace.model.engine.package import open_package
    from millrace.model.store import files

    ref, opened, notes = files.take_in(
        ctx, open_package, params.path, params.name, params.max_bytes
    )
    return _taken(ref, opened, notes)


def _taken(ref: str, opened: object, notes: list[str]) -> t.TakenResult:
    from millrace.model.engine.package import Opened

    assert isinstance(opened, Opened)
    told = opened.listing
    return t.TakenResult(
        model=ref,
        origin=f"{told.name}@{told.version}" if told else "",
        files=opened.files,
        size=opened.size,
        notes=notes,
    )


@op("model.export", effect="write")
def export(params: t.ExportParams, ctx: Context) -> t.ExportResult:
    """Export a model version as one zip file or a folder, with the hash of every file.

    The package holds data only and can be imported into any workspace. Equal models give
    equal bytes. Writing outside the workspace's 'exports' takes an owner's rights.
    Writes: one file or folder; one that holds the very same is left as it is.
    Errors: not_found, no such model; conflict, something else is there; not_allowed, it lies inside
    the workspace or outside without the right.
    """
    from millrace.model.engine import package
    from millrace.model.store import files, reading
    from millrace.stores.models import Models

    found = ctx.use(Models).get(params.model, ctx.project)
    suffix = ".zip" if params.format == "zip" else ""
    name = f"{found.name}-v{found.version}{suffix}"
    path = files.destination(ctx, params.path, name, "model.export")
    listing = files.listing(ctx, found, reading.numbers(found.meta.get("metrics")))
    write = package.write_zip if params.format == "zip" else package.write_folder
    size = write(path, ctx.use(Models).folder(found), listing)
    hashes = {name: entry.sha256 for name, entry in listing.files.items()}
    return t.ExportResult(model=found.ref, path=str(path), size=size, files=hashes)


@op("model.alias", effect="write")
def alias(params: t.AliasParams, ctx: Context) -> t.MovedResult:
    """Point an alias at a model version, or take the alias away.

    The move, its history and its event are one transaction.
    Errors: not_found, no such model, version or alias.
    """
    from millrace.core.ids import parse_ref
    from millrace.model.store import moves

    if params.remove:
        name = parse_ref(params.model, "model").name
        return _moved(ctx, moves.withdraw(ctx, name, params.alias), name, params.alias)
    moved = moves.point(ctx, params.model, params.alias)
    return _moved(ctx, moved, parse_ref(params.model, "model").name, params.alias)


@op("model.promote", effect="write")
def promote(params: t.PromoteParams, ctx: Context) -> t.MovedResult:
    """Make a model version the champion.

    Deployments and references that follow 'champion' use it from then on. The move, its
    history and its event are one transaction; 'model.roll_back' undoes it. The result shows how
    the figures of the new and the old version differ. MLflow is told afterwards; when it does
    not answer, a note says so.
    Errors: not_found, no such model or version; conflict, another version stands there than
    'expected'.
    """
    from millrace.core.ids import parse_ref
    from millrace.model.store import moves

    moved = moves.point(ctx, params.model, params.alias, params.expected)
    return _moved(ctx, moved, parse_ref(params.model, "model").name, params.alias)


@op("model.roll_back", effect="write")
def roll_back(params: t.RollBackParams, ctx: Context) -> t.MovedResult:
    """Give 'champion' back to the version that had it before.

    Rolling back twice goes two versions back. Everything happens in one transaction.
    Errors: not_found, no such model or alias; conflict, nothing had it before.
    """
    from millrace.model.store import moves

    moved = moves.roll_back(ctx, params.name, params.alias)
    return _moved(ctx, moved, params.name, params.alias)


def _moved(ctx: Context, moved: object, name: str, alias: str) -> t.MovedResult:
    from millrace.model.store import moves, reading

    assert isinstance(moved, moves.Moved)
    return t.MovedResult(
        model=moved.now.ref if moved.now else "",
        alias=alias,
        previous=f"model:{name}@{moved.before}" if moved.before else "",
        changed=moved.changed,
        metrics=reading.difference(ctx, moved.before, moved.now) if moved.changed else [],
        notes=moves.mirror(ctx, name, alias),
    )


@op("model.lineage", effect="read")
def lineage(params: t.LineageParams, ctx: Context) -> t.LineageResult:
    """Draw what a thing was made from and what was made of it.

    Works for every kind: models, datasets, reports, deployments.
    Errors: not_found, no such thing; invalid_input, no such kind.
    """
    from millrace.model.store import origin

    return origin.lineage(ctx, params.ref, params.direction, params.depth)


@op("model.card", effect="write")
def card(params: t.CardParams, ctx: Context) -> t.CardResult:
    """Write the model card: what it is, how good, where it fails, where from.

    One page as HTML (self-contained, no script) and as Markdown, from what is stored: the
    manifest, the newest evaluation on each dataset, the newest importances, the lineage.
    Writes: one report; with 'path' also a file.
    Errors: not_found, no such model; not_allowed, 'path' lies where you may not write.
    """
    from millrace.model.store import origin

    return origin.card(ctx, params)


@op("model.delete", effect="destructive")
def delete(params: t.ModelParams, ctx: Context) -> t.DeleteResult:
    """Delete a model version; retention removes its files later.

    The version is named by its number, so that nobody deletes the newest by leaving it out. A
    version that an alias points at is in use and stays. MLflow keeps its record of it.
    Errors: not_found, no such version; conflict, an alias points at it; invalid_input, the
    version is not named.
    """
    from millrace.core.errors import InvalidInput, NotFound
    from millrace.core.ids import parse_ref
    from millrace.stores.artifacts import Artifacts

    if not isinstance(parse_ref(params.model, "model").version, int):
        raise InvalidInput(
            f"'{params.model}' does not say which version to delete.",
            f"Write its number; 'millrace model show {params.model}' lists them.",
            field="model",
        )

    artifacts = ctx.use(Artifacts)
    gone = artifacts.delete(ctx, params.model, "model")
    try:
        left = [one.ref for one in artifacts.versions("model", gone.name, ctx.project)]
    except NotFound:
        left = []
    return t.DeleteResult(model=gone.ref, left=left)
