// Packs the connector into release/, from where Turnkey serves it to npm (GET /connector/...). The lock files of apps
// name that address and a digest, so what was given out is never changed: a change gets a new version in package.json
// and in src/connector.ts. Before a version has been given out, --again packs it anew.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const here = import.meta.dirname;
const { version } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));
const file = join('release', `turnkey-powersync-connector-${version}.tgz`);
if (existsSync(join(here, file)) && !process.argv.includes('--again')) {
  console.error(`${file} is there, and a version that was given out never changes: raise the version, or say --again if nobody has it yet.`);
  process.exit(1);
}
mkdirSync(join(here, 'release'), { recursive: true });
execFileSync('npm', ['pack', '--silent', '--pack-destination', 'release'], { cwd: here, stdio: ['ignore', 'ignore', 'inherit'] });
console.log(file);
