import { catalogue } from "@/i18n";

export const uploadTexts = catalogue({
  drop: ["Drop the file to upload it", "Отпустите файл, чтобы загрузить"],
  "drop.what": ["CSV, TSV, Excel, Parquet, JSON or JSON lines", "CSV, TSV, Excel, Parquet, JSON или JSON lines"],
  uploads: ["Uploads", "Загрузки"],
  sending: ["{done} of {size}, {rate}/s", "{done} из {size}, {rate}/с"],
  waiting: [
    "Connection lost at {done} of {size}; goes on by itself.",
    "Связь потеряна на {done} из {size}; продолжится сама.",
  ],
  finishing: ["Checking the file…", "Проверка файла…"],
  done: ["Uploaded, {size}", "Загружено, {size}"],
  read: ["Preview and import", "Просмотр и импорт"],
  cancel: ["Stop the upload of {name}", "Остановить загрузку {name}"],
  forget: ["Remove {name} from the list", "Убрать {name} из списка"],
  retry: ["Try again", "Ещё раз"],
  unfinished: [
    "{name}: {done} of {size} arrived. Choose the same file again to go on.",
    "{name}: получено {done} из {size}. Выберите тот же файл, чтобы продолжить.",
  ],
  goOn: ["Choose the file", "Выбрать файл"],
  other: ["This is another file: {name} with {size} is needed.", "Это другой файл: нужен {name}, {size}."],
  giveUp: ["Give up", "Отказаться"],
  progress: ["Upload of {name}", "Загрузка {name}"],
  elsewhere: ["Import from elsewhere", "Импорт из другого места"],
  place: ["Path, URL or database", "Путь, ссылка или база данных"],
  "place.what": [
    "A path on the server, a folder of images, an s3:// or gs:// address, or the URL of a database.",
    "Путь на сервере, папка с картинками, адрес s3:// или gs://, URL базы данных.",
  ],
  look: ["Preview", "Просмотр"],
});
