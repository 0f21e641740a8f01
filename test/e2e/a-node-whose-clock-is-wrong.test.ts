import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { User } from './exhibit.js';

const DAY_MS = 86_400_000;

let user: User;
beforeEach(async () => {
  user = new User();
  writeFileSync(join(user.directory, 'ways.yaml'), PROFILE);
  await user.run('key', 'new');
});
afterEach(() => {
  user.remove();
});

const PROFILE = `
apiVersion: kubexhibit.dev/v1
kind: Profile
metadata: { name: ways, title: Ways, description: How the nodes were reached }
collectors: [node-access, ebpf]
`;

/** From now on the program's clock is so far from that of this machine, which is the node. */
function setClock(offMs: number): void {
  const shim = join(user.directory, 'clock.cjs');
  writeFileSync(shim, `const right = Date.now; Date.now = () => right() + ${String(offMs)};\n`);
  user.environment['NODE_OPTIONS'] = `--require=${shim}`;
}

async function member(archivePath: unknown, name: string): Promise<string> {
  return (await user.shell(`tar xzOf '${String(archivePath)}' --wildcards '*/${name}'`)).stdout;
}

describe('a node whose clock is a day from that of the machine that collects', () => {
  it.each([
    ['ahead of', -DAY_MS],
    ['behind', DAY_MS],
  ])(
    'is collected whole, with an alarm, the offset, and its own times as they are (%s)',
    { timeout: 120_000 },
    async (word, offMs) => {
      setClock(offMs);
      const begun = Date.now();
      const collected = await user.json('collect', '--local', '--profile', './ways.yaml');
      expect(collected.stderr).toMatch(
        new RegExp(
          `the clock of node \\S+ is at least 8(?:63[0-9]{2}|6400)\\.\\d s ${word} that of the machine that collected`,
        ),
      );
      expect(collected.exitCode).toBeLessThanOrEqual(3);
      const { document } = await user.json('seal');
      const archive = document['archivePath'];
      const records = (await member(archive, 'meta/clock.jsonl')).trimEnd().split('\n');
      const record = JSON.parse(records[0] ?? '') as { offsetMinMs: number; offsetMaxMs: number };
      expect(record.offsetMinMs).toBeLessThanOrEqual(-offMs);
      expect(record.offsetMaxMs).toBeGreaterThanOrEqual(-offMs);
      const custody = await member(archive, 'custody/acquisition.jsonl');
      const opened = JSON.parse(custody.split('\n')[0] ?? '') as { at: string };
      // The log has the clock of the machine that collected, wrong as it is.
      expect(Math.abs(Date.parse(opened.at) - begun - offMs)).toBeLessThan(DAY_MS / 2);
      const verified = await user.json('verify', String(archive));
      expect(verified.document['verdict']).toMatch(/^VERIFIED/);
      expect(verified.stdout).toContain('the clock of node');
    },
  );
});
