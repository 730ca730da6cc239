import { catalogue } from "@/i18n";

export const trainTexts = catalogue({
  title: ["Train a model on {name}", "Обучение модели на {name}"],
  imported: ["{rows:row is|rows are} in. Train a model that predicts", "Готово: {rows:строка|строки|строк}. Обучить модель, которая предсказывает"],
  predict: ["Train a model that predicts", "Обучить модель, которая предсказывает"],
  target: ["Column to predict", "Предсказываемый столбец"],
  train: ["Train", "Обучить"],
  options: ["Options", "Параметры"],
  hide: ["Hide", "Скрыть"],
});
