// The pure parts of the page, without a browser: runs web/test, which prints TAP.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const web = join(dirname(fileURLToPath(import.meta.url)), '../../web');
if (!existsSync(join(web, 'node_modules/esbuild'))) {
  console.log('not ok - web/node_modules is missing: make web/node_modules/.done');
  process.exit(1);
}
const units = spawnSync(process.execPath, ['test/run.mjs'], { cwd: web, stdio: 'inherit' });
const types = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '--noEmit'], { cwd: web, encoding: 'utf8' });
console.log(`${types.status === 0 ? 'ok' : 'not ok'} - the page passes the strict type check`);
if (types.status !== 0) console.log(types.stdout.replace(/^/gm, '# '));
process.exit(units.status || types.status ? 1 : 0);
