/** A time-stamping authority on loopback that answers as it is told, and badly when it is told so. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { der, sequence, smallInteger } from './der-buffers.js';
import { answer, makeTsa, type TokenChanges, type Tsa } from './token-maker.js';

export type TsaBehaviour =
  | 'good'
  | 'garbage'
  | 'empty'
  | 'other-nonce'
  | 'other-data'
  | 'refuses'
  | 'endless'
  | 'silent'
  | 'dribbles'
  | 'cut'
  | 'closes'
  | 'error-once'
  | 'error'
  | 'not-found'
  | 'login-page'
  | 'redirects';

export interface TsaServer {
  readonly url: string;
  /** Requests so far. */
  readonly queries: readonly Buffer[];
  /** From the next request on. */
  behaviour: TsaBehaviour;
  changes: TokenChanges;
  stop(): Promise<void>;
}

export type Answerer = (query: Buffer, changes: TokenChanges) => Buffer;

const TYPE = { 'Content-Type': 'application/timestamp-reply' };

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function whole(response: ServerResponse, body: Buffer | string): void {
  response.writeHead(200, { ...TYPE, 'Content-Length': Buffer.byteLength(body) }).end(body);
}

const BAD: Partial<Record<TsaBehaviour, (response: ServerResponse, good: Buffer) => void>> = {
  'garbage': (response) => whole(response, Buffer.from('not a token at all')),
  'empty': (response) => whole(response, ''),
  'endless': (response) => {
    response.writeHead(200, TYPE);
    const more = (): void => {
      while (response.write(Buffer.alloc(64 * 1024, 0x30)));
    };
    response.on('drain', more);
    more();
  },
  'silent': () => undefined,
  'dribbles': (response, good) => {
    response.writeHead(200, { ...TYPE, 'Content-Length': good.length });
    response.write(good.subarray(0, 10));
  },
  'cut': (response, good) => {
    response.writeHead(200, { ...TYPE, 'Content-Length': good.length });
    response.write(good.subarray(0, 100), () => response.destroy());
  },
  'closes': (response, good) => {
    response.shouldKeepAlive = false;
    response.useChunkedEncodingByDefault = false;
    response.removeHeader('Transfer-Encoding');
    response.writeHead(200, TYPE);
    response.end(good);
  },
  'error': (response) => void response.writeHead(503).end(),
  'not-found': (response) => void response.writeHead(404).end('no'),
  'login-page': (response) => whole(response, '<html>Please log in \u001b[2J</html>'),
  'redirects': (response) => void response.writeHead(302, { Location: 'http://127.0.0.1:1/' }).end(),
};

/** `rejection`, with words that must not reach a terminal as they are. */
const REFUSAL = sequence(smallInteger(2), sequence(der(0x0c, Buffer.from('not you \u001b[2J'))));

const CHANGES: Partial<Record<TsaBehaviour, TokenChanges>> = {
  'other-nonce': { nonce: Buffer.from('00ffffffffffffffff', 'hex') },
  'other-data': { imprint: Buffer.alloc(32) },
  'refuses': { status: REFUSAL },
};

/** `reply` makes the good answers: an authority in memory, or openssl. */
export async function startTsa(reply: Answerer): Promise<TsaServer> {
  const queries: Buffer[] = [];
  let failures = 0;
  const server = createServer((request, response) => {
    void bodyOf(request).then((query) => {
      queries.push(query);
      const { behaviour, changes } = state;
      if (behaviour === 'error-once' && (failures += 1) === 1) {
        response.writeHead(503).end();
        return;
      }
      const good = reply(query, { ...changes, ...CHANGES[behaviour] });
      const bad = BAD[behaviour];
      if (bad === undefined) whole(response, good);
      else bad(response, good);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const state: TsaServer = {
    url: `http://127.0.0.1:${String(port)}/tsr`,
    queries,
    behaviour: 'good',
    changes: {},
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return state;
}

/** Answers of an authority in memory. */
export const inMemory =
  (tsa: Tsa = makeTsa()): Answerer =>
  (query, changes) =>
    answer(tsa, query, changes);

export interface OpensslTsa {
  readonly reply: Answerer;
  /** Path of the root in PEM. */
  readonly caPath: string;
  readonly directory: string;
}

const CONFIG = (directory: string): string => `
[ca]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
[tsa_cert]
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=critical,timeStamping
[tsa]
default_tsa=one
[one]
dir=${directory}
serial=${directory}/serial
crypto_device=builtin
signer_cert=${directory}/tsa.pem
certs=${directory}/ca.pem
signer_key=${directory}/tsa.key
signer_digest=sha256
default_policy=1.2.3.4.1
digests=sha256,sha384,sha512
accuracy=secs:1
ordering=no
tsa_name=yes
ess_cert_id_chain=no
ess_cert_id_alg=sha256
[dn]
[req]
distinguished_name=dn
`;

function openssl(...args: string[]): void {
  const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl ${args.join(' ')}: ${stderr}`);
}

/** An authority whose answers are made by `openssl ts -reply`, with a root of its own. */
export function opensslTsa(kind: 'rsa' | 'ec'): OpensslTsa {
  const directory = mkdtempSync(join(tmpdir(), 'exhibit-tsa-'));
  const file = (name: string): string => join(directory, name);
  writeFileSync(file('openssl.cnf'), CONFIG(directory));
  writeFileSync(file('serial'), '01\n');
  const key = kind === 'rsa' ? ['-newkey', 'rsa:2048'] : ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  const common = ['-config', file('openssl.cnf'), '-nodes'];
  openssl(
    ...['req', '-x509', ...key, ...common, '-days', '30', '-subj', `/CN=openssl ${kind} root`, '-extensions', 'ca'],
    ...['-keyout', file('ca.key'), '-out', file('ca.pem')],
  );
  openssl(
    ...['req', ...key, ...common, '-subj', `/CN=openssl ${kind} time-stamping`],
    ...['-keyout', file('tsa.key'), '-out', file('tsa.csr')],
  );
  openssl(
    ...['x509', '-req', '-in', file('tsa.csr'), '-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial'],
    ...['-days', '20', '-extfile', file('openssl.cnf'), '-extensions', 'tsa_cert', '-out', file('tsa.pem')],
  );
  const reply: Answerer = (query) => {
    writeFileSync(file('query.tsq'), query);
    openssl('ts', '-reply', '-config', file('openssl.cnf'), '-queryfile', file('query.tsq'), '-out', file('reply.tsr'));
    return readFileSync(file('reply.tsr'));
  };
  return { reply, caPath: file('ca.pem'), directory };
}
