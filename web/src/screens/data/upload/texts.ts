import { catalogue } from "@/i18n";

export const uploadTexts = catalogue({
  drop: ["Drop a file or a folder to upload it", "Отпустите файл или папку, чтобы загрузить"],
  "drop.what": ["CSV, TSV, Excel, Parquet, JSON, JSON lines, or a folder of images", "CSV, TSV, Excel, Parquet, JSON, JSON lines или папка с картинками"],
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
  "unfinished.folder": [
    "{name}: {done} of {size} in {n:file|files} arrived. Choose the same folder again to go on.",
    "{name}: получено {done} из {size} ({n:файл|файла|файлов}). Выберите ту же папку, чтобы продолжить.",
  ],
  reading: ["Reading the folder, {n:file|files} so far", "Чтение папки, пока {n:файл|файла|файлов}"],
  files: ["{n:file|files}", "{n:файл|файла|файлов}"],
  goOn: ["Choose the file", "Выбрать файл"],
  "goOn.folder": ["Choose the folder", "Выбрать папку"],
  folder: ["Choose a folder of images", "Выбрать папку с картинками"],
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
