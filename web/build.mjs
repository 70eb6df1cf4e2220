// build.mjs OUT: writes the files of the page, which the program embeds, into OUT.
import { build } from 'esbuild';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] ?? join(here, '../build/gen/web'));
const FILES = ['index.html', 'app.js', 'app.css', 'export.js', 'export.css', 'favicon.svg'];
const LIMIT = 66_000; // bytes, compressed, of what a browser loads for the page: room for one more thing of the size of the chart

mkdirSync(out, { recursive: true });
await build({
  absWorkingDir: here,
  entryPoints: [
    { in: 'src/main.tsx', out: 'app' },
    { in: 'src/css/app.css', out: 'app' },
    { in: 'src/export.ts', out: 'export' },
    { in: 'src/css/export.css', out: 'export' },
  ],
  outdir: out,
  bundle: true,
  minify: true,
  format: 'iife',
  charset: 'utf8',
  target: ['es2020', 'chrome105', 'firefox104', 'safari16'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',
  logLevel: 'warning',
});
for (const name of ['index.html', 'favicon.svg']) copyFileSync(join(here, 'static', name), join(out, name));

let page = 0;
for (const name of FILES) {
  const text = readFileSync(join(out, name), 'utf8');
  const packed = gzipSync(text, { level: 9 }).length;
  if (!name.startsWith('export')) page += packed;
  // what is put inline into the exported file must not end its element
  if (name.startsWith('export') && /<\/(script|style)|<!--/i.test(text)) throw new Error(`${name} would end the element that it stands in`);
  console.log(`${name.padEnd(12)} ${String(text.length).padStart(7)}  gzip ${String(packed).padStart(6)}`);
}
if (page > LIMIT) throw new Error(`the page is ${page} bytes compressed, more than ${LIMIT}`);
