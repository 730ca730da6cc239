/** Place the nodes of a directed graph without circles in columns, sources first. */
export interface Edge {
  source: string;
  target: string;
}
export interface Place {
  id: string;
  column: number;
  row: number;
}

/** Put each node one column after the last thing it was made from; near its sources within a column. */
export function layered(ids: readonly string[], edges: readonly Edge[]): Place[] {
  const sources = new Map(ids.map((id) => [id, edges.filter(({ target }) => target === id).map(({ source }) => source)]));
  const depth = new Map<string, number>();
  const visit = (id: string, path: ReadonlySet<string>): number => {
    const known = depth.get(id);
    if (known !== undefined) return known;
    const above = (sources.get(id) ?? []).filter((one) => sources.has(one) && !path.has(one));
    const found = above.length === 0 ? 0 : 1 + Math.max(...above.map((one) => visit(one, new Set([...path, id]))));
    depth.set(id, found);
    return found;
  };
  for (const id of ids) visit(id, new Set([id]));
  const places = new Map<string, Place>();
  const columns = Math.max(0, ...depth.values());
  for (let column = 0; column <= columns; column++) {
    const here = ids.filter((id) => depth.get(id) === column);
    const wish = (id: string) => {
      const rows = (sources.get(id) ?? []).flatMap((one) => places.get(one)?.row ?? []);
      return rows.length ? rows.reduce((sum, row) => sum + row, 0) / rows.length : 0;
    };
    here.sort((one, other) => wish(one) - wish(other) || one.localeCompare(other));
    here.forEach((id, row) => places.set(id, { id, column, row }));
  }
  return ids.flatMap((id) => places.get(id) ?? []);
}
