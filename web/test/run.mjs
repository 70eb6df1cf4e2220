// run.mjs: bundles every *.test.ts beside it and runs them; prints TAP.
import { build } from 'esbuild';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const out = mkdtempSync(join(tmpdir(), 'sipweave-units-'));
const tests = readdirSync(here).filter((f) => f.endsWith('.test.ts')).sort();
try {
  await build({
    absWorkingDir: here, entryPoints: tests, outdir: out, outExtension: { '.js': '.mjs' }, bundle: true, format: 'esm',
    platform: 'node', target: 'node18', splitting: true, loader: { '.css': 'text' }, logLevel: 'error',
  });
  for (const f of tests) await import(pathToFileURL(join(out, f.replace(/\.ts$/, '.mjs'))).href);
} finally {
  rmSync(out, { recursive: true, force: true });
}
