import { join } from 'node:path';
import { statSync } from 'node:fs';
import { bundleOf } from '../harness/bundle.js';
import { interleave, megabytes } from '../harness/measure.js';
import { goal } from '../harness/report.js';
import { projectDirectory, run } from '../harness/tools.js';

const OURS = 'exhibit, every key and value';
const WITH_CARVING = 'exhibit, deleted entries too';
const BBOLT = 'bbolt (Go), every key and value';
const GOAL_S = 3;

async function compare(context) {
  const program = join(context.work, 'bolt');
  const file = join(context.work, 'large.db');
  run(['go', 'build', '-o', program, '.'], { cwd: join(projectDirectory, 'test/interop/bolt') });
  run([program, 'make', file, context.quick ? 'churn' : 'large']);
  const reader = bundleOf('read-bolt');
  const theirs = join(context.work, 'theirs');
  const output = join(context.work, 'dump');
  run(['bash', '-c', '"$0" dump "$1" > "$2"', program, file, theirs]);
  const same = () => {
    run(['cmp', theirs, output]);
    return {};
  };
  const ours = (name, more) => ({
    name,
    command: () => ({ script: `${process.execPath} ${reader} ${file} ${more} > ${output}` }),
    finish: same,
  });
  const samples = await interleave(context, [
    ours(OURS, ''),
    ours(WITH_CARVING, 'carve'),
    { name: BBOLT, command: () => ({ script: `${program} dump ${file} > ${output}` }), finish: same },
  ]);
  const sizeBytes = statSync(file).size;
  run(['rm', '-f', program, file, theirs, output]);
  return { samples, sizeBytes };
}

const seconds = (value) => Number(value.toFixed(2));

export const bolt = {
  name: 'bolt',
  title: "A database of containerd's kind of 256 MB and more",
  run: async (context) => {
    const { samples, sizeBytes } = await compare(context);
    return {
      samples,
      goals: (m) => [
        goal('wall s, every key and value', seconds(m[OURS].wallS), { atMost: GOAL_S, unit: '' }),
        goal('wall s, deleted entries too', seconds(m[WITH_CARVING].wallS), { atMost: GOAL_S, unit: '' }),
      ],
      notes: [
        `${megabytes(sizeBytes)}, written by bbolt. All three print a line for each key with the SHA-256 of its value, and the same lines.`,
      ],
    };
  },
};
