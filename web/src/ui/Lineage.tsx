/** What a thing was made from and what was made of it, as a graph whose nodes lead there. */
import type { MouseEvent } from "react";
import type { Result } from "@/api/client";
import { useOp } from "@/api/hooks";
import { stateTexts } from "@/app/texts";
import { addressOf, href, useGo } from "@/app/url";
import { useT } from "@/i18n";
import { layered } from "@/ui/layers";
import classes from "@/ui/Lineage.module.css";
import { Shown } from "@/ui/states";

type Graph = Result<"model.lineage">;
type Node = Graph["nodes"][number];
const WIDTH = 164; // [px] of a node
const HEIGHT = 44;
const COLUMN = 200; // [px] from node to node
const ROW = 62;
const PAD = 16;

export function Lineage({ of }: { of: string }) {
  const found = useOp("model.lineage", { ref: of });
  return <Shown query={found}>{(graph) => <Drawn graph={graph} />}</Shown>;
}

function Drawn({ graph }: { graph: Graph }) {
  const t = useT(stateTexts);
  const places = layered(
    graph.nodes.map(({ ref }) => ref),
    graph.edges,
  );
  const at = new Map(places.map(({ id, column, row }) => [id, { x: PAD + column * COLUMN, y: PAD + row * ROW }]));
  const width = 2 * PAD + WIDTH + COLUMN * Math.max(0, ...places.map(({ column }) => column));
  const height = 2 * PAD + HEIGHT + ROW * Math.max(0, ...places.map(({ row }) => row));
  return (
    <div className={classes.scroll} tabIndex={0} role="region" aria-label={t("lineage")}>
      <svg width={width} height={height} role="group" aria-label={t("lineage")}>
        {graph.edges.map(({ source, target }) => {
          const from = at.get(source);
          const to = at.get(target);
          if (!from || !to) return null;
          return <path key={`${source} ${target}`} className={classes.edge} d={bend(from, to)} />;
        })}
        {graph.nodes.map((node) => {
          const place = at.get(node.ref);
          return place && <One key={node.ref} node={node} x={place.x} y={place.y} here={node.ref === graph.ref} />;
        })}
      </svg>
    </div>
  );
}

function bend(from: { x: number; y: number }, to: { x: number; y: number }): string {
  const [x1, y1, x2, y2] = [from.x + WIDTH, from.y + HEIGHT / 2, to.x, to.y + HEIGHT / 2];
  const middle = (x1 + x2) / 2;
  return `M${x1} ${y1} C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`;
}

function One({ node, x, y, here }: { node: Node; x: number; y: number; here: boolean }) {
  const go = useGo();
  const address = addressOf(node.ref);
  const body = (
    <>
      <rect width={WIDTH} height={HEIGHT} rx={5} className={classes.box} data-kind={node.kind} data-here={here || undefined} />
      <text x={10} y={18} className={classes.name}>
        {short(node.ref.slice(node.kind.length + 1))}
      </text>
      <text x={10} y={34} className={classes.kind}>
        {short(node.op ? `${node.kind} · ${node.op}` : node.kind)}
      </text>
    </>
  );
  const move = `translate(${x} ${y})`;
  const whole = <title>{`${node.ref} ${node.op}`}</title>; // outside the link, whose name is what is seen
  if (!address)
    return (
      <g transform={move}>
        {whole}
        {body}
      </g>
    );
  const { section, path, query } = address;
  const open = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    go(section, path, query);
  };
  return (
    <g transform={move}>
      {whole}
      <a href={href(section, path, query)} onClick={open}>
        {body}
      </a>
    </g>
  );
}

const LONGEST = 24; // [characters] that fit a node

function short(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}
