import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { bundleOf } from '../harness/bundle.js';
import { interleave } from '../harness/measure.js';
import { goal } from '../harness/report.js';
import { run } from '../harness/tools.js';

const OURS = 'exhibit, encrypt and read back';
const AGE = 'age -r';
const AGE_AND_BACK = 'age -r, age -d | sha256sum';

/**
 * V8 runs a full collection for every 32 MB that ciphers hand out where the heap is as small as that of this benchmark alone: 33 of them
 * for 1 GiB, a third of the CPU. `exhibit seal` of the same size has a larger heap and runs three from its start to its end.
 */
const HEAP_OF_THE_PROGRAM = '--initial-old-space-size=64';

/** Bytes that no compression makes fewer, as an archive's are. */
function makeArchive(context) {
  const path = join(context.work, 'archive.tar.gz');
  const mebibytes = context.quick ? 16 : 1024;
  run(['bash', '-c', 'head -c "$1" /dev/urandom > "$0"', path, String(mebibytes * 2 ** 20)]);
  return { path, sha256: run(['sha256sum', path]).slice(0, 64) };
}

function ageKey(context) {
  const identity = join(context.work, 'identity.txt');
  run(['age-keygen', '-o', identity]);
  return { identity, recipient: run(['age-keygen', '-y', identity]).trim() };
}

async function compare(context) {
  const archive = makeArchive(context);
  const { identity, recipient } = ageKey(context);
  const target = join(context.work, 'archive.tar.gz.age');
  const words = join(context.work, 'encrypt.json');
  const program = bundleOf('encrypt-archive');
  const drop = () => {
    const encryptedBytes = statSync(target).size;
    run(['rm', '-f', target]);
    return { encryptedBytes };
  };
  const samples = await interleave(context, [
    {
      name: OURS,
      command: () => ({
        script: `${process.execPath} ${HEAP_OF_THE_PROGRAM} ${program} ${archive.path} ${archive.sha256} ${target} ${recipient} > ${words}`,
      }),
      finish: () => ({ ...drop(), ...JSON.parse(readFileSync(words, 'utf8')) }),
    },
    { name: AGE, command: () => ({ argv: ['age', '-r', recipient, '-o', target, archive.path] }), finish: drop },
    {
      name: AGE_AND_BACK,
      command: () => ({
        script: `age -r ${recipient} -o ${target} ${archive.path}; age -d -i ${identity} ${target} | sha256sum; sha256sum ${target}`,
      }),
      finish: drop,
    },
  ]);
  run(['rm', '-f', archive.path, identity]);
  return { samples, columns: [{ field: 'encryptingCpuS', title: 'CPU s when encrypted and synced', digits: 3 }] };
}

export const encrypt = {
  name: 'encrypt',
  title: 'Encrypt an archive of 1 GiB to one X25519 recipient, the ciphertext read back',
  run: async (context) => ({
    ...(await compare(context)),
    goals: (m) => [
      goal('CPU of the encrypting pass with the start of Node.js, of age', m[OURS].encryptingCpuS / m[AGE].cpuS, {
        atMost: 1.4,
      }),
      goal(
        'CPU of encrypting and reading back, of age twice and sha256sum twice',
        m[OURS].cpuS / m[AGE_AND_BACK].cpuS,
        {
          atMost: 1.4,
        },
      ),
      goal('RSS', m[OURS].rssBytes / 1e6, { atMost: 200, unit: 'MB' }),
    ],
    notes: [
      'The encrypting pass reads, encrypts, writes and syncs. What is called reading back decrypts every chunk from the disk and hashes both the ciphertext and the plaintext, which age does not do; the heap begins as large as that of the whole program; the third contestant does the same work by stock tools. age does not sync.',
    ],
  }),
};
