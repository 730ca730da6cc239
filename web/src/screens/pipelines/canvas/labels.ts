/** What React Flow tells a screen reader, in the language of the app. */
import type { AriaLabelConfig } from "@xyflow/react";
import type { Language } from "@/i18n";

const RUSSIAN: Partial<AriaLabelConfig> = {
  "node.a11yDescription.default": "Enter или пробел выбирает блок, стрелки двигают его, Delete удаляет.",
  "node.a11yDescription.keyboardDisabled": "Enter или пробел выбирает блок.",
  "node.a11yDescription.ariaLiveMessage": ({ x, y }) => `Блок перемещён: x ${x}, y ${y}`,
  "edge.a11yDescription.default": "Enter или пробел выбирает связь.",
  "controls.ariaLabel": "Вид холста",
  "controls.zoomIn.ariaLabel": "Крупнее",
  "controls.zoomOut.ariaLabel": "Мельче",
  "controls.fitView.ariaLabel": "Показать целиком",
  "controls.interactive.ariaLabel": "Разрешить правку",
  "minimap.ariaLabel": "Карта холста",
  "handle.ariaLabel": "Вход или выход",
};
const ENGLISH: Partial<AriaLabelConfig> = { "controls.ariaLabel": "View of the canvas", "minimap.ariaLabel": "Map of the canvas" };

export function ariaLabels(language: Language): Partial<AriaLabelConfig> {
  return language === "ru" ? RUSSIAN : ENGLISH;
}
