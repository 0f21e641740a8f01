import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bareClients, type BareClients } from '../aws/machine.js';
import { hasMoto, type Moto, needsMoto, startMoto } from '../aws/moto.js';
import { phasesOf, Responding } from '../aws/responding.js';
import { dyingAfterLine, journalLines } from '../fakes/kill-after-line.js';
import { choices, extentOf, SAMPLE } from './extent.js';

const LEVELS = ['isolate', 'sever'] as const;
/** Of the sample, in one response each: every one is begun again where the one before it died. */
const KILLS_PER_RESPONSE = 4;
/** Four of them end before the shortest plan does: each of its steps has two lines. */
const MOST_LINES_APART = 8;
/** Lines of the longest plan, and some that a response has not: there it ends by itself. */
const MOST_LINES = 64;

const { seed } = extentOf('kills of a response with a machine', {
  full: 2 * MOST_LINES,
  sample: 2 * KILLS_PER_RESPONSE,
});
const choose = choices(seed);

describe.skipIf(!hasMoto)(`kill -9 of a response after a line of its journal${needsMoto}`, () => {
  let moto: Moto;
  let clients: BareClients;
  let world: Responding;
  beforeAll(async () => {
    moto = await startMoto();
    clients = bareClients(moto.endpoint);
  });
  afterAll(() => moto.stop());
  beforeEach(async () => {
    world = await Responding.open(clients, moto.endpoint);
  });
  afterEach(() => world.close());

  /** Whether it was killed: a response whose journal does not come to that line ends by itself. */
  async function dies(line: number, command: readonly string[]): Promise<boolean> {
    const { user } = world;
    const { environment } = user;
    Object.assign(environment, dyingAfterLine(user.directory, line));
    const { signal, exitCode, stderr } = await user.run(...command);
    Object.assign(environment, dyingAfterLine(user.directory, Infinity));
    if (signal !== 'SIGKILL') expect([0, 3], stderr).toContain(exitCode);
    return signal === 'SIGKILL';
  }

  async function isWholeAndGivenBack(document: Readonly<Record<string, unknown>>, before: unknown): Promise<void> {
    const { user } = world;
    const outcomes = phasesOf(document).map(({ phase, outcome }) => `${phase} ${outcome}`);
    // The disk in the machine, which no snapshot can take, is a gap of both.
    expect(outcomes).toEqual([
      ...['vanishing done', 'protect done', 'snapshot partial', 'volatile done', 'contain done', 'rest partial'],
      'seal done',
    ]);
    const lines = journalLines(user.home);
    expect(lines.filter(({ event }) => event === 'plan-begun').length).toBeGreaterThan(0);
    expect(lines.filter(({ event }) => event === 'failed')).toEqual([]);
    expect(await world.snapshotsOf(String(document['case']))).toHaveLength(2);
    const { archivePath } = document['sealed'] as { readonly archivePath: string };
    expect((await user.json('verify', archivePath)).document['verdict']).toMatch(/^VERIFIED/);
    const back = await user.json('release', '--yes', '--readopt');
    expect(back.document, back.stderr).toMatchObject({ verdict: 'released' });
    expect(await world.scene()).toEqual(before);
  }

  it.each(SAMPLE ? LEVELS : [])('four times in one at level %s: whole, and all is given back', async (level) => {
    const before = await world.scene();
    const command = world.command(level);
    const at: number[] = [];
    for (let kill = 0; kill < KILLS_PER_RESPONSE; kill += 1) {
      const line = journalLines(world.user.home).length + 1 + choose(MOST_LINES_APART);
      at.push(line);
      expect(await dies(line, kill === 0 || choose(2) === 0 ? command : ['resume']), `killed at ${at.join(', ')}`).toBe(
        true,
      );
    }
    process.stderr.write(`torture: ${level}, killed after lines ${at.join(', ')}\n`);
    const { document } = await world.user.json('resume');
    await isWholeAndGivenBack(document, before);
  });

  const everyLine = LEVELS.flatMap((level) =>
    Array.from({ length: MOST_LINES }, (_, index) => ({ level, line: index + 1 })),
  );
  it.each(SAMPLE ? [] : everyLine)(
    'at level $level after line $line: whole, and all is given back',
    async ({ level, line }) => {
      const before = await world.scene();
      const command = world.command(level);
      const wasKilled = await dies(line, command);
      // The same command after its end would be another response.
      if (!wasKilled) expect(journalLines(world.user.home).length).toBeLessThan(line);
      const how = wasKilled ? ['resume'] : command;
      const { document } = await world.user.json(...how);
      await isWholeAndGivenBack(document, before);
    },
  );
});
