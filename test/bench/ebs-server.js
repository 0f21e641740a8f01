/** `node ebs-server.js GIB BLOCKS`: the direct API of EBS for one snapshot, as fast as Node.js can; says its port once it listens. */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';

const BLOCK = 524_288;
const [gib, blocks] = process.argv.slice(2).map(Number);
// A few different blocks, hashed once: what is measured is the reader.
const pool = Array.from({ length: 16 }, (_, number) => {
  const bytes = Buffer.alloc(BLOCK, `block ${number} `);
  return { bytes, checksum: createHash('sha256').update(bytes).digest('base64') };
});
/** Spread over the whole volume. */
const stride = Math.max(1, Math.floor((gib * 2048) / blocks));

function list(url, response) {
  const from = Number(url.searchParams.get('pageToken') ?? 0);
  const to = Math.min(blocks, from + 10_000);
  const page = Array.from({ length: to - from }, (_, at) => ({
    BlockIndex: (from + at) * stride,
    BlockToken: 'token',
  }));
  const next = to < blocks ? { NextToken: String(to) } : {};
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ Blocks: page, VolumeSize: gib, BlockSize: BLOCK, ...next }));
}

function block(index, response) {
  const { bytes, checksum } = pool[index % pool.length];
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-length': String(BLOCK),
    'x-amz-data-length': String(BLOCK),
    'x-amz-checksum': checksum,
    'x-amz-checksum-algorithm': 'SHA256',
  });
  response.end(bytes);
}

const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://ebs');
  const match = /\/blocks(?:\/(\d+))?$/.exec(url.pathname);
  if (match === null) response.writeHead(404, { 'content-type': 'application/json' }).end('{}');
  else if (match[1] === undefined) list(url, response);
  else block(Number(match[1]), response);
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
