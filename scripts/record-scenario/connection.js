import { readFileSync } from 'node:fs';
import https from 'node:https';
import { parse } from 'yaml';

/** Headers that differ from call to call; the sandbox makes its own. */
const MADE_ANEW = new Set(['date', 'audit-id', 'content-length', 'transfer-encoding', 'connection', 'keep-alive']);

function replaceIn(bytes, replacements) {
  let text = bytes.toString('latin1');
  for (const replacement of replacements) {
    const from = Buffer.from(replacement.from).toString('latin1');
    const parts = text.split(from);
    replacement.count += parts.length - 1;
    text = parts.join(Buffer.from(replacement.to).toString('latin1'));
  }
  return Buffer.from(text, 'latin1');
}

function headersOf(response, replacements) {
  const headers = [];
  for (let i = 0; i < response.rawHeaders.length; i += 2) {
    const [name, value] = [response.rawHeaders[i], response.rawHeaders[i + 1]];
    if (!MADE_ANEW.has(name.toLowerCase())) {
      headers.push([name, replaceIn(Buffer.from(value, 'latin1'), replacements).toString('latin1')]);
    }
  }
  return headers;
}

/** Calls over one kubeconfig with a client certificate. An answer is {status, headers, chunked, body, wholeBytes}. */
export function openConnection(kubeconfig, replacements) {
  const config = parse(readFileSync(kubeconfig, 'utf8'));
  const cluster = config.clusters[0].cluster;
  const user = config.users[0].user;
  const pem = (data) => Buffer.from(data, 'base64');
  const agent = new https.Agent({
    keepAlive: true,
    ca: pem(cluster['certificate-authority-data']),
    cert: pem(user['client-certificate-data']),
    key: pem(user['client-key-data']),
  });

  const call = (
    target,
    { method = 'GET', accept = 'application/json', headers = {}, send, maxBytes = Infinity, idleMs = 60000 } = {},
  ) =>
    new Promise((resolve, reject) => {
      const fields = { 'Accept': accept, 'User-Agent': 'record-scenario', ...headers };
      const request = https.request(cluster.server + target, { method, agent, headers: fields }, (response) => {
        const chunks = [];
        let size = 0;
        const done = (cut) => {
          const body = Buffer.concat(chunks).subarray(0, maxBytes);
          const chunked = response.headers['transfer-encoding'] === 'chunked';
          const answer = { status: response.statusCode, headers: headersOf(response, replacements), chunked, cut };
          resolve({ ...answer, body: replaceIn(body, replacements) });
        };
        response.on('data', (chunk) => {
          chunks.push(chunk);
          size += chunk.length;
          if (size >= maxBytes) {
            response.destroy();
            done(true);
          }
        });
        response.on('end', () => done(false));
        response.on('error', (error) => (size >= maxBytes ? undefined : reject(error)));
      });
      request.setTimeout(idleMs, () => request.destroy(new Error(`no bytes for ${idleMs} ms: ${target}`)));
      request.on('error', reject);
      if (send !== undefined) request.setHeader('Content-Type', 'application/json');
      request.end(send);
    });

  return {
    call,
    get: (target, options) => call(target, options),
    post: (target, body) => call(target, { method: 'POST', send: JSON.stringify(body) }),
    close: () => agent.destroy(),
  };
}
