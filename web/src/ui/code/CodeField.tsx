/** A field of a form whose text is a program; it can be opened large. */
import { ActionIcon, Input, Tooltip } from "@mantine/core";
import { useId, useState } from "react";
import { useT } from "@/i18n";
import CodeEditor from "@/ui/code/CodeEditor";
import classes from "@/ui/code/code.module.css";
import { codeTexts } from "@/ui/code/texts";
import { Icon } from "@/ui/Icon";
import { Dialog } from "@/ui/over";

interface Props {
  name: string;
  label: string;
  description: string;
  error?: string | undefined;
  required: boolean;
  language: string;
  value: string;
  onChange: (text: string) => void;
}

export default function CodeField({ name, label, description, error, required, language, value, onChange }: Props) {
  const t = useT(codeTexts);
  const id = useId();
  const [large, setLarge] = useState(false);
  const described = error ? `${id}-error` : `${id}-description`;
  return (
    <Input.Wrapper
      size="xs"
      id={id}
      label={label}
      labelElement="div"
      description={description}
      error={error}
      required={required}
      data-field={name}
    >
      <div className={classes.field}>
        <CodeEditor value={value} language={language} label={label} describedBy={described} onChange={onChange} />
        <Tooltip label={t("larger")}>
          <ActionIcon className={classes.larger} size="sm" aria-label={t("larger")} onClick={() => setLarge(true)}>
            <Icon name="expand" size={14} />
          </ActionIcon>
        </Tooltip>
      </div>
      <Dialog opened={large} onClose={() => setLarge(false)} size="90%" title={label}>
        <div className={classes.large}>
          <CodeEditor value={value} language={language} label={label} autoFocus fill onChange={onChange} />
        </div>
      </Dialog>
    </Input.Wrapper>
  );
}
