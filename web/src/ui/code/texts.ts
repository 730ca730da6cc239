import { catalogue } from "@/i18n";

export const codeTexts = catalogue({
  larger: ["Open large", "Открыть крупно"],
});
