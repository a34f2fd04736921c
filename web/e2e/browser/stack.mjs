// The real binary, started as `make run` starts it, in a folder of its own.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Starts `turnkey dev`, perhaps with more settings; gives what dev.json says, and stop(). */
export async function startStack(settings = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'turnkey-browser-'));
  const port = await freePort();
  const child = spawn(join(root, 'bin/turnkey'), ['dev'], { cwd: root, env: { ...process.env, TURNKEY_DIR: dir, TURNKEY_PORT: String(port), ...settings }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', (d) => (said += d));
  child.stderr.on('data', (d) => (said += d));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const ready = new Promise((resolve) => child.stdout.on('data', () => said.includes('Ctrl-C ends everything') && resolve(true)));
  const patience = new Promise((resolve) => setTimeout(resolve, 300_000).unref());
  const ok = await Promise.race([ready, ended.then(() => false), patience.then(() => false)]);
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(dir, { recursive: true, force: true });
  };
  if (!ok || !existsSync(join(dir, 'dev.json'))) {
    await stop();
    throw new Error(`turnkey dev did not start:\n${said}`);
  }
  return { ...JSON.parse(readFileSync(join(dir, 'dev.json'), 'utf8')), log: () => said, stop };
}

/** A port below those that the kernel gives to whoever asks for none: it is still free when the server has started. */
async function freePort() {
  for (let tries = 0; ; tries++) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const free = await new Promise((resolve) => {
      const probe = createServer();
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (free) return port;
    if (tries === 100) throw new Error('no port is free');
  }
}

/** Calls the REST API as a script would, with dev.json's token or another. Throws what it refused. */
export function rest(dev, token = dev.api_token) {
  return async (method, path, body, headers = {}) => {
    const response = await fetch(`${dev.api_url}${path}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
}

/** Makes an instance like the demo's on MongoDB as it began, with hook files of its own. */
export async function likeDemo(dev, call, project, name, files) {
  const { config } = await call('GET', `/instances/${dev.instances.find((i) => i.source === 'mongodb').id}/deployments/1`);
  return call('POST', `/projects/${project}/instances`, { name, kind: 'development', config, deploy: true, secrets: { SOURCE_URI: dev.source_urls.mongodb }, files });
}

/** Uploads client transactions as an app would, as a user of a development instance. */
export async function upload(instance, user, transactions, extra = {}) {
  const { token } = await (await fetch(`${instance.url}/token?user_id=${encodeURIComponent(user)}`)).json();
  const response = await fetch(`${instance.url}/api/data`, {
    method: 'POST', headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }, body: JSON.stringify({ ...extra, transactions }),
  });
  if (!response.ok) throw new Error(`upload: ${response.status} ${await response.text()}`);
  return response.json();
}
