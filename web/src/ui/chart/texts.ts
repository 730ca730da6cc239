import { catalogue } from "@/i18n";

export const chartTexts = catalogue({
  time: ["Time", "Время"],
  x: ["Step", "Шаг"],
});
