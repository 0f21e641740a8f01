#!/usr/bin/env node
// node test/bench/respond-times.js ARCHIVE: how long after the typed confirmation a response had protected, called for snapshots, and read
// its first volatile artifact, by the custody log of the archive that it sealed. Works for a response to any cluster.
import { execFileSync } from 'node:child_process';

const [archive] = process.argv.slice(2);
if (archive === undefined) {
  console.error('node test/bench/respond-times.js ARCHIVE.tar.gz');
  process.exit(2);
}
const options = { encoding: 'utf8', maxBuffer: 1 << 30 };
const text = execFileSync('tar', ['xzOf', archive, '--wildcards', '*/custody/acquisition.jsonl'], options);
const lines = text
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));
const confirmed = lines.find(({ note }) => note === 'response');
if (confirmed === undefined) throw new Error(`${archive} holds no response`);
const afterS = (at) => (Date.parse(at) - Date.parse(confirmed.confirmedAt)) / 1000;
const phase = (name) => lines.find((line) => line.note === 'phase of a response' && line.phase === name);
const isVolatile = ({ event, at }) => event === 'item' && Date.parse(at) >= Date.parse(phase('volatile').startedAt);
const times = {
  protected: afterS(phase('protect').endedAt),
  snapshotsCalled: phase('snapshot').outcome === 'skipped' ? null : afterS(phase('snapshot').endedAt),
  firstVolatile: afterS(lines.find(isVolatile)?.at ?? 'never'),
};
const all = Math.max(...Object.values(times).filter((seconds) => seconds !== null));
console.log(JSON.stringify({ ...times, all, goal: 5, isMet: all < 5 }));
