/** The label sets of the workspace with their progress, and the form for a new one. */
import { Button, TextInput } from "@mantine/core";
import { useMemo, useRef } from "react";
import { useOp } from "@/api/hooks";
import { useKeys } from "@/app/keys";
import { useGo, useQueryState } from "@/app/url";
import { useFormat, useT } from "@/i18n";
import classes from "@/screens/label/label.module.css";
import { Create } from "@/screens/label/sets/Create";
import type { SetLine } from "@/screens/label/shapes";
import { labelTexts } from "@/screens/label/texts";
import { CopyAs } from "@/ui/CopyAs";
import { DataTable } from "@/ui/DataTable";
import type { Column } from "@/ui/DataTable";
import { Icon } from "@/ui/Icon";
import { Page } from "@/ui/Page";
import { Ref } from "@/ui/Ref";
import { Empty, Shown } from "@/ui/states";

export function Sets() {
  const t = useT(labelTexts);
  const go = useGo();
  const [query, setQuery] = useQueryState();
  const filter = useRef<HTMLInputElement>(null);
  const contains = query["q"] ?? "";
  const creating = query["new"] === "1";
  const sets = useOp("label.list_sets", { contains, limit: 1000 }, { keep: true });
  const create = () => setQuery({ new: "1" }, false);
  useKeys("list", {
    create,
    filter: () => filter.current?.focus(),
    back: () => setQuery({ new: undefined }),
  });
  const columns = useColumns();
  const button = (
    <Button leftSection={<Icon name="plus" size={14} />} onClick={create}>
      {t("create")}
    </Button>
  );
  if (creating)
    return (
      <Page title={t("create")} onCloseDetail={() => setQuery({ new: undefined })}>
        <Create />
      </Page>
    );
  const actions = (
    <>
      <TextInput
        ref={filter}
        placeholder={t("sets.filter")}
        aria-label={t("sets.filter")}
        value={contains}
        maxLength={64}
        onChange={(event) => setQuery({ q: event.currentTarget.value })}
        onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
      />
      <CopyAs op="label.list_sets" params={contains ? { contains } : {}} />
      {button}
    </>
  );
  return (
    <Page title={t("title")} actions={actions}>
      <Shown
        query={sets}
        empty={(data) =>
          data.total === 0 ? (
            <Empty title={t("sets.none")} action={button}>
              {t("sets.none.why")}
            </Empty>
          ) : undefined
        }
      >
        {(data) => (
          <DataTable
            rows={data.sets}
            columns={columns}
            id={(row) => row.labelset}
            label={t("sets")}
            onOpen={(row) => go("label", nameOf(row.labelset))}
            rowHeight={36}
          />
        )}
      </Shown>
    </Page>
  );
}

function nameOf(ref: string): string {
  return ref.replace(/^labelset:/, "").replace(/@.*$/, "");
}

function useColumns(): Column<SetLine>[] {
  const t = useT(labelTexts);
  const format = useFormat();
  return useMemo(
    () => [
      { id: "name", title: t("col.name"), cell: (row) => <strong>{nameOf(row.labelset)}</strong>, width: 200 },
      { id: "progress", title: t("col.progress"), cell: (row) => <Done complete={row.complete} items={row.items} />, width: 220 },
      { id: "labels", title: t("col.labels"), cell: (row) => format.number(row.labels), align: "right", width: 80 },
      { id: "wanted", title: t("col.wanted"), cell: (row) => format.number(row.redundancy), align: "right", width: 120 },
      { id: "flagged", title: t("col.flagged"), cell: (row) => format.number(row.flagged), align: "right", width: 90 },
      { id: "dataset", title: t("col.dataset"), cell: (row) => (row.dataset ? <Ref value={row.dataset} /> : ""), width: 180 },
      { id: "created", title: t("col.created"), cell: (row) => format.ago(row.created_at), width: 120 },
    ],
    [t, format],
  );
}

/** A bar with how many of all are done. */
export function Done({ complete, items }: { complete: number; items: number }) {
  const t = useT(labelTexts);
  const share = items ? complete / items : 0;
  const said = t("of", { done: complete, all: items });
  return (
    <span className={classes.meter}>
      <span className={classes.bar} role="meter" aria-label={said} aria-valuemin={0} aria-valuemax={items} aria-valuenow={complete}>
        <span className={classes.fill} style={{ width: `${share * 100}%`, display: "block" }} />
      </span>
      <span>{said}</span>
    </span>
  );
}
