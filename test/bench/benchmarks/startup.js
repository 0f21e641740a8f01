import { interleave } from '../harness/measure.js';
import { goal } from '../harness/report.js';

async function run(context) {
  const rounds = context.quick ? 3 : Math.max(15, context.rounds);
  const home = { EXHIBIT_HOME: context.work };
  const samples = await interleave(
    context,
    [
      { name: 'node -e 0', command: () => ({ argv: [process.execPath, '-e', '0'] }) },
      { name: 'exhibit --version', command: () => ({ argv: [...context.exhibit, '--version'], env: home }) },
      { name: 'exhibit --help', command: () => ({ argv: [...context.exhibit, '--help'], env: home }) },
    ],
    { rounds },
  );
  return { samples, goals, notes: [`These are so short that they take ${rounds} rounds.`] };
}

function goals(m) {
  const node = m['node -e 0'];
  return [
    goal('CPU of --version, of node -e 0', m['exhibit --version'].cpuS / node.cpuS, { atMost: 1.5 }),
    goal('CPU of --help, of node -e 0', m['exhibit --help'].cpuS / node.cpuS, { atMost: 3.5 }),
  ];
}

export const startup = {
  name: 'startup',
  title: 'Start of the program',
  run,
};
