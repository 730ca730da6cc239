/** Every item with its answers: found by text, state, label or person; one with its whole history. */
import { Button, Text } from "@mantine/core";
import { useRef } from "react";
import { useKeys } from "@/app/keys";
import { useQueryState } from "@/app/url";
import { useT } from "@/i18n";
import { useItemColumns } from "@/screens/label/batch/columns";
import { Filters } from "@/screens/label/batch/Filters";
import { paramsOf } from "@/screens/label/batch/filters";
import { OneItem } from "@/screens/label/batch/OneItem";
import { useItems } from "@/screens/label/batch/useItems";
import classes from "@/screens/label/label.module.css";
import type { Definition, Progress } from "@/screens/label/shapes";
import { labelTexts } from "@/screens/label/texts";
import { CopyAs } from "@/ui/CopyAs";
import { DataTable } from "@/ui/DataTable";
import { csv, save } from "@/ui/download";
import { Icon } from "@/ui/Icon";
import { Empty, Shown } from "@/ui/states";

const COLUMNS = ["item", "text", "state", "answers", "suggestion", "confidence"] as const;

interface Props {
  name: string;
  annotator: string;
  definition: Definition;
  progress: Progress | undefined;
}

export default function Items({ name, annotator, definition, progress }: Props) {
  const t = useT(labelTexts);
  const [query, setQuery] = useQueryState();
  const params = paramsOf(name, query);
  const { query: pages, more } = useItems(params);
  const search = useRef<HTMLInputElement>(null);
  const columns = useItemColumns(COLUMNS);
  useKeys("list", { filter: () => search.current?.focus(), back: () => setQuery({ item: undefined }) });
  const open = pages.data?.items.find(({ item }) => String(item) === query["item"]);
  const people = progress?.people.map((one) => one.annotator) ?? [];
  return (
    <div className={classes.withSide} data-open={open !== undefined || undefined}>
      <div className={classes.table}>
        <Filters shown={["q", "state", "value", "by", "differ"]} labels={definition.labels.map((one) => one.name)} people={people} search={search}>
          <Button
            variant="default"
            leftSection={<Icon name="download" size={14} />}
            onClick={() => save(`${name}-items.csv`, csv(pages.data?.items ?? [], columns))}
          >
            {t("items.download")}
          </Button>
          <CopyAs op="label.items" params={params} />
        </Filters>
        <Text size="xs" c="dimmed" px="sm" pb={4} role="status">
          {pages.data ? t("items.total", { n: pages.data.total }) : ""}
        </Text>
        <Shown query={pages} empty={({ total }) => (total === 0 ? <Empty title={t("items.none")}>{t("batch.none.why")}</Empty> : undefined)}>
          {({ items, total }) => (
            <DataTable
              rows={items}
              columns={columns}
              id={({ item }) => String(item)}
              label={t("tab.items")}
              open={query["item"]}
              onOpen={({ item }) => setQuery({ item: String(item) })}
              onMore={more}
              total={total}
            />
          )}
        </Shown>
      </div>
      {open && <OneItem key={open.item} name={name} annotator={annotator} definition={definition} item={open} />}
    </div>
  );
}
