/** The guidelines and what each label means, beside the item. */
import { memo } from "react";
import { useT } from "@/i18n";
import classes from "@/screens/label/label.module.css";
import { Markdown } from "@/screens/label/Markdown";
import type { Definition } from "@/screens/label/shapes";
import { labelTexts } from "@/screens/label/texts";

export const Beside = memo(function Beside({ definition }: { definition: Definition }) {
  const t = useT(labelTexts);
  const described = definition.labels.filter(({ description }) => description);
  return (
    <aside className={classes.beside} aria-label={t("guidelines")} tabIndex={0}>
      <h2 className={classes.besideTitle}>{t("guidelines")}</h2>
      <Markdown text={definition.guidelines || (described.length ? "" : t("guidelines.none"))} />
      {described.length > 0 && (
        <dl className={classes.definitions}>
          {described.map(({ name, description }) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{description}</dd>
            </div>
          ))}
        </dl>
      )}
    </aside>
  );
});
