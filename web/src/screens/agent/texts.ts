import { catalogue } from "@/i18n";

export const agentTexts = catalogue({
  title: ["Agent", "Агент"],
  hello: [
    "Say what you want done. The agent finds the op, fills its form and shows what would happen. It runs nothing until you say so.",
    "Скажите, что нужно сделать. Агент найдёт операцию, заполнит её форму и покажет, что произойдёт. Без вашего согласия ничего не запускается.",
  ],
  how: [
    "It works by rules, without a language model: the same words always give the same proposal.",
    "Работает по правилам, без языковой модели: одни и те же слова всегда дают одно и то же предложение.",
  ],
  say: ["What should be done?", "Что сделать?"],
  send: ["Send", "Отправить"],
  "try.1": ["describe the dataset tickets", "опиши датасет tickets"],
  "try.2": ["train a model on tickets to predict intent", "обучи модель на tickets, предскажи intent"],
  "try.3": ["which jobs failed today", "какие задания упали сегодня"],
  you: ["You", "Вы"],
  agent: ["Agent", "Агент"],
  lost: ["I did not understand that. The nearest ops:", "Не понимаю. Ближайшие операции:"],
  why: ["Why", "Почему"],
  others: ["Other readings", "Другие варианты"],
  approve: ["Run it", "Запустить"],
  approved: ["You approved this", "Вы согласились"],
  writes: ["It would leave: {writes}", "Оставит: {writes}"],
  reads: ["It only reads.", "Только читает."],
  asks: ["It still needs:", "Не хватает:"],
  field: ["'{name}'", "«{name}»"],
  denied: ["Your role may not run this.", "Ваша роль не позволяет это запустить."],
  result: ["Result", "Результат"],
  clear: ["Clear", "Очистить"],
});
