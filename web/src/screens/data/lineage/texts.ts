import { catalogue } from "@/i18n";

export const lineageTexts = catalogue({
  lineage: ["Lineage", "Происхождение"],
  alone: ["Nothing is connected yet", "Связей пока нет"],
  "alone.what": [
    "This version was made from a file, and nothing was made of it so far. Models, label sets, indexes and reports made of it will show here.",
    "Эта версия сделана из файла, и из неё пока ничего не сделано. Здесь появятся модели, наборы меток, индексы и отчёты.",
  ],
  things: ["Things in the graph", "Объекты графа"],
  thing: ["Thing", "Объект"],
  madeBy: ["Made by", "Чем сделан"],
  when: ["When", "Когда"],
  here: ["open here", "открыт"],
});
