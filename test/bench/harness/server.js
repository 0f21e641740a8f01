import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import https from 'node:https';
import { setPriority } from 'node:os';
import { join } from 'node:path';

/** Resolves with the first line that the child prints; rejects when it ends before. */
function firstLine(child) {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      const end = text.indexOf('\n');
      if (end !== -1) resolve(text.slice(0, end));
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  });
}

function ended(child) {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once('exit', resolve);
  });
}

/** Raises a process above what is measured, where this user may: it stands for a machine of its own. */
export function raisePriority(child) {
  try {
    setPriority(child.pid, -10);
  } catch {
    // An ordinary user may not; the figures are then noisier, for all contestants alike.
  }
}

/**
 * Starts the benchmark server in a folder of its own below `context.work`. `kubeconfig(user)`, `header(user)` (for curl), `authority` are
 * files; `url` is its address; `stats()` and `reset()` read and clear its counts; `stop()` ends it.
 */
export async function startServer(context, flags) {
  const folder = join(context.work, `server-${(context.servers += 1)}`);
  mkdirSync(folder, { recursive: true });
  const child = spawn(context.tools, ['serve', '-dir', folder, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
  raisePriority(child);
  context.children.add(child);
  const url = (await firstLine(child)).split(' ')[1];
  const authority = join(folder, 'ca.crt');
  const header = (user) => join(folder, `${user}.header`);
  const ask = async (path) =>
    await getJson(url + path, { ca: readFileSync(authority), header: readFileSync(header('bystander'), 'utf8') });
  return {
    folder,
    url,
    authority,
    header,
    kubeconfig: (user) => join(folder, `${user}.kubeconfig`),
    stats: async () => await ask('/bench/stats'),
    reset: async () => await ask('/bench/reset'),
    stop: async () => {
      child.kill('SIGTERM');
      await ended(child);
      context.children.delete(child);
    },
  };
}

/** Another client of the server, asking at a fixed rate until `stop()`, which returns its latencies. */
export function startProbe(context, server, flags = []) {
  const child = spawn(context.tools, ['probe', '-dir', server.folder, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  raisePriority(child);
  context.children.add(child);
  let text = '';
  child.stdout.on('data', (chunk) => (text += chunk));
  return {
    stop: async () => {
      child.kill('SIGTERM');
      await ended(child);
      context.children.delete(child);
      return JSON.parse(text);
    },
  };
}

function getJson(url, { ca, header }) {
  const [name, value] = header.trim().split(': ');
  return new Promise((resolve, reject) => {
    const request = https.get(url, { ca, headers: { [name]: value }, agent: false }, (answer) => {
      let text = '';
      answer.on('data', (chunk) => (text += chunk));
      answer.on('end', () => resolve(JSON.parse(text)));
      answer.on('error', reject);
    });
    request.on('error', reject);
  });
}
