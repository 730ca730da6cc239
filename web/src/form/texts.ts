import { catalogue } from "@/i18n";

export const formTexts = catalogue({
  more: ["{n:more option|more options}", "Ещё {n:параметр|параметра|параметров}"],
  fewer: ["Fewer options", "Меньше параметров"],
  missing: ["Still empty: {names}", "Не заполнено: {names}"],
  notJson: ["This is not JSON.", "Это не JSON."],
  default: ["default: {value}", "по умолчанию: {value}"],
  unset: ["not set", "не задано"],
  run: ["Run", "Запустить"],
  dryRun: ["Dry run", "Пробный прогон"],
  "dry.writes": ["It would leave: {writes}", "Оставит: {writes}"],
  "effect.read": ["reads", "читает"],
  "effect.write": ["writes", "пишет"],
  "effect.spend": ["spends money", "тратит деньги"],
  "effect.external": ["acts outside", "действует вовне"],
  "effect.destructive": ["deletes", "удаляет"],
  result: ["Result", "Результат"],
  job: ["Job", "Задание"],
  doc: ["What it does", "Что делает"],
});
