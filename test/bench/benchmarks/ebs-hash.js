import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { interleave } from '../harness/measure.js';
import { goal } from '../harness/report.js';
import { projectDirectory } from '../harness/tools.js';

const OURS = 'exhibit snapshot hash';
const LOOP = 'parallel GET, bytes dropped';
const SPARSE = 'exhibit snapshot hash, 100 GiB with few blocks';
const SNAPSHOT = 'snap-0123456789abcdef0';

/** A server of its own process; ends with the benchmarks. */
async function serve(context, gib, blocks) {
  const child = spawn(
    process.execPath,
    [join(projectDirectory, 'test/bench/ebs-server.js'), String(gib), String(blocks)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  context.children.add(child);
  const port = await new Promise((resolve, reject) => {
    child.stdout.once('data', (chunk) => resolve(Number(chunk)));
    child.once('exit', () => reject(new Error('the server of blocks ended')));
  });
  return { port, stop: () => child.kill('SIGKILL') };
}

function ours(context, name, port) {
  const home = join(context.work, `ebs-${port}`);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const document = join(context.work, 'ebs-hash.json');
  const env = {
    EXHIBIT_HOME: home,
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'testing',
    AWS_SECRET_ACCESS_KEY: 'testing',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  const words = [
    ...context.exhibit,
    'snapshot',
    'hash',
    SNAPSHOT,
    '--requests-per-second',
    '100000',
    '--json',
    '--quiet',
  ];
  return {
    name,
    command: () => ({ script: `${words.join(' ')} > ${document}`, env }),
    finish: () => ({ readS: JSON.parse(readFileSync(document, 'utf8')).durationMs / 1000 }),
  };
}

function loop(context, port, blocks) {
  const words = join(context.work, 'ebs-loop.json');
  const program = join(projectDirectory, 'test/bench/ebs-get-loop.js');
  return {
    name: LOOP,
    command: () => ({ script: `${process.execPath} ${program} ${port} ${blocks} 1 > ${words}` }),
    finish: () => JSON.parse(readFileSync(words, 'utf8')),
  };
}

async function compare(context) {
  const gib = 1;
  const blocks = context.quick ? 64 : gib * 2048;
  const full = await serve(context, gib, blocks);
  const sparse = await serve(context, context.quick ? 1 : 100, 200);
  try {
    const samples = await interleave(context, [ours(context, OURS, full.port), loop(context, full.port, blocks)]);
    const wide = await interleave(context, [ours(context, SPARSE, sparse.port)], { rounds: 1 });
    return { ...samples, ...wide };
  } finally {
    full.stop();
    sparse.stop();
  }
}

export const ebsHash = {
  name: 'ebs-hash',
  title: 'Hash a snapshot of 1 GiB, every block written, from a server on loopback; and one of 100 GiB, nearly empty',
  run: async (context) => ({
    samples: await compare(context),
    columns: [{ field: 'readS', title: 's of reading', digits: 3 }],
    goals: (m) => [
      // 0.8 of its rate.
      goal('time of reading, of the GET loop', m[OURS].readS / m[LOOP].readS, { atMost: 1.25 }),
      goal('RSS for 100 GiB, nearly empty', m[SPARSE].rssBytes / 1e6, { atMost: 200, unit: 'MB' }),
      goal('RSS for 1 GiB, full', m[OURS].rssBytes / 1e6, { atMost: 200, unit: 'MB' }),
    ],
    notes: [
      'The loop gets the same blocks from the same server and drops them. Ours checks each by SHA-256 and hashes the whole image, too: two digests of each byte. The nearly empty image is 100 GiB of zeros to hash, for which SHA-256 is the floor.',
    ],
  }),
};
