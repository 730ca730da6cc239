import { catalogue } from "@/i18n";

export const searchTexts = catalogue({
  query: ["Look for", "Что искать"],
  "query.how": ["Words or a sentence", "Слова или фраза"],
  search: ["Search", "Искать"],
  mode: ["How to search", "Как искать"],
  text: ["Words", "По словам"],
  meaning: ["Meaning", "По смыслу"],
  hybrid: ["Both", "Вместе"],
  index: ["Index", "Индекс"],
  old: [
    "The index is of version {indexed}; version {open} is open.",
    "Индекс построен по версии {indexed}, открыта версия {open}.",
  ],
  rebuild: ["Build again", "Построить заново"],
  build: ["Build an index", "Построить индекс"],
  building: ["Building the index", "Построение индекса"],
  none: ["No index yet", "Индекса пока нет"],
  "none.what": [
    "An index finds rows by words, by meaning or by both. It is built once per version.",
    "Индекс находит строки по словам, по смыслу или по тому и другому. Строится один раз на версию.",
  ],
  "build.title": ["Build an index over {name}", "Индекс для {name}"],
  hits: ["{n:row found|rows found}", "{n:строка найдена|строки найдены|строк найдено}"],
  nothing: ["Nothing found", "Ничего не найдено"],
  "nothing.what": ["Try other words, or search by meaning.", "Попробуйте другие слова или поиск по смыслу."],
  start: ["Type what you look for", "Введите, что искать"],
  "start.what": [
    "Words finds rows with these words, Meaning rows that say the same in other words, Both joins the two.",
    "По словам находит строки с этими словами, по смыслу — строки о том же другими словами, вместе — то и другое.",
  ],
  like: ["Rows like row {id}", "Строки, похожие на строку {id}"],
  "like.leave": ["Leave", "Выйти"],
  score: ["Score", "Оценка"],
  why: ["Why this score", "Откуда оценка"],
  "leg.text": ["words", "слова"],
  "leg.vector": ["meaning", "смысл"],
  "leg.text.why": [
    "place {rank} by words (BM25 {score}) × weight {weight} = {points}",
    "место {rank} по словам (BM25 {score}) × вес {weight} = {points}",
  ],
  "leg.vector.why": [
    "place {rank} by meaning (cosine {score}) × weight {weight} = {points}",
    "место {rank} по смыслу (косинус {score}) × вес {weight} = {points}",
  ],
  more: ["Show more", "Показать ещё"],
  row: ["Row {id}", "Строка {id}"],
});
