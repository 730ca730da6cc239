// Puts a .br and a .gz beside every built text file, so that the server packs nothing by itself.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const TEXT = /\.(css|html|js|json|map|mjs|svg|txt|wasm|webmanifest)$/;
const SMALL = 600; // [bytes] below this a packet is a packet
const built = process.argv[2] ?? fileURLToPath(new URL("../../src/millrace/faces/web/static", import.meta.url));

const sizes = { plain: 0, br: 0, gz: 0 };
for (const entry of readdirSync(built, { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath, entry.name);
  // The page gets a fresh nonce each time it is sent, so it cannot be packed beforehand.
  if (!entry.isFile() || !TEXT.test(entry.name) || entry.name === "index.html") continue;
  const plain = readFileSync(path);
  if (plain.length < SMALL) continue;
  const br = brotliCompressSync(plain, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_LGWIN]: 24,
      [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
      [constants.BROTLI_PARAM_SIZE_HINT]: plain.length,
    },
  });
  const gz = gzipSync(plain, { level: 9 });
  if (br.length < plain.length) writeFileSync(`${path}.br`, br);
  if (gz.length < plain.length) writeFileSync(`${path}.gz`, gz);
  sizes.plain += plain.length;
  sizes.br += br.length;
  sizes.gz += gz.length;
}
const kB = (size) => Math.round(size / 1000);
console.log(`compressed ${kB(sizes.plain)} kB to ${kB(sizes.br)} kB (br), ${kB(sizes.gz)} kB (gzip)`);
