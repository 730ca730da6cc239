/** The text of an op as paragraphs: lines broken for a terminal are joined, its facts stand apart. */
const NAMES = "(?:Shapes|Units|Random|Reads|Writes|Cost|Errors|Source|Example):";
const FACT = new RegExp(`^${NAMES}`);
const BETWEEN = new RegExp(`\\s+(?=${NAMES}\\s)`);

export function paragraphs(doc: string): string[] {
  const found: string[] = [];
  let open = false;
  for (const raw of doc.split("\n").flatMap((line) => line.split(BETWEEN))) {
    const line = raw.trim();
    const last = found.length - 1;
    if (line === "") open = false;
    else if (open && !FACT.test(line)) found[last] = `${found[last] ?? ""} ${line}`;
    else {
      found.push(line);
      open = true;
    }
  }
  return found;
}
