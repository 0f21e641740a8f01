import { describe, expect, it } from 'vitest';
import { nodeFacts } from '../../../test/fakes/node-facts.js';
import { ExhibitError } from '../../model/errors.js';
import type { NodeAccess, NodeAccessChoice, NodeAccessRung } from '../../ports/node-access.js';
import { NodeLadder } from './node-ladder.js';

const signal = new AbortController().signal;
const nodeNamed = (name: string) => ({ name, uid: `uid-${name}`, machineId: '', ready: true });

function fakeAccess(node: string, closed: string[]): NodeAccess {
  return {
    facts: nodeFacts({ node }),
    run: () => Promise.reject(new Error('not used')),
    close: () => {
      closed.push(node);
      return Promise.resolve();
    },
  };
}

const refusing = (rung: NodeAccessRung['rung'], error: Error): NodeAccessRung => ({
  rung,
  open: () => Promise.reject(error),
});

function ladderOf(rungs: readonly NodeAccessRung[], names: readonly string[] = ['a']) {
  const recorded: NodeAccessChoice[] = [];
  const record = (_node: unknown, choice: NodeAccessChoice): Promise<void> => {
    recorded.push(choice);
    return Promise.resolve();
  };
  return { recorded, ladder: new NodeLadder({ rungs, nodes: names.map(nodeNamed), record }) };
}

describe('the ladder to a node', () => {
  it('is climbed once, by the first rung that leads there, and says why the others did not', async () => {
    const closed: string[] = [];
    let opened = 0;
    const local: NodeAccessRung = {
      rung: 'local',
      open: ({ name }) => {
        opened += 1;
        return Promise.resolve(fakeAccess(name, closed));
      },
    };
    const quota = new ExhibitError('NODE_ACCESS_REFUSED', 'exceeded quota', { subject: 'quota' });
    const { ladder, recorded } = ladderOf([refusing('collector-pod', quota), refusing('ssh', new Error('odd')), local]);
    const [one, two] = await Promise.all([ladder.accessTo('a', signal), ladder.accessTo('a', signal)]);
    const refusals = [
      { rung: 'collector-pod', reason: 'quota', detail: 'exceeded quota' },
      { rung: 'ssh', reason: 'failed', detail: 'odd' },
    ];
    expect(one).toBe(two);
    expect(one.refusals).toEqual(refusals);
    expect([opened, recorded.length, recorded[0]?.refusals]).toEqual([1, 1, refusals]);
    await ladder.close();
    expect(closed).toEqual(['a']);
  });

  it('ends in a refusal with every reason when no rung leads there', async () => {
    const denied = new ExhibitError('NODE_ACCESS_REFUSED', 'another machine', { subject: 'node-differs' });
    const { ladder, recorded } = ladderOf([refusing('ssh', new Error('x'.repeat(2000))), refusing('local', denied)]);
    const refused = ladder.accessTo('a', signal);
    await expect(refused).rejects.toMatchObject({ code: 'NODE_ACCESS_REFUSED', subject: 'node-differs' });
    await expect(refused).rejects.toThrow('local: node-differs (another machine)');
    expect(recorded[0]?.refusals[0]?.detail).toHaveLength(500);
    expect(recorded[0]?.access).toBeNull();
  });

  it.each([
    ['nobody asked for a way', 'a', []],
    ['the node is not in scope', 'b', [refusing('local', new Error('must not be tried'))]],
  ])('is refused where %s', async (_what, name, rungs) => {
    const { ladder, recorded } = ladderOf(rungs);
    await expect(ladder.accessTo(name, signal)).rejects.toMatchObject({ code: 'NODE_ACCESS_REFUSED' });
    expect(recorded.filter(({ refusals }) => refusals.length > 0)).toEqual([]);
  });

  it('opens at most eight ways at once', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `n${String(index)}`);
    let opening = 0;
    let most = 0;
    const slow: NodeAccessRung = {
      rung: 'local',
      open: async ({ name }) => {
        opening += 1;
        most = Math.max(most, opening);
        await new Promise((resolve) => setImmediate(resolve));
        opening -= 1;
        return fakeAccess(name, []);
      },
    };
    const { ladder, recorded } = ladderOf([slow], names);
    const accesses: NodeAccess[] = [];
    const all = names.map(async (name) => accesses.push(await ladder.accessTo(name, signal)));
    for (const one of all) await one;
    expect([accesses.length, recorded.length, most]).toEqual([30, 30, 8]);
  });

  it('closes a way whose record could not be written', async () => {
    const closed: string[] = [];
    const full = new ExhibitError('STORAGE_FULL', 'no room');
    const ladder = new NodeLadder({
      rungs: [{ rung: 'local', open: ({ name }) => Promise.resolve(fakeAccess(name, closed)) }],
      nodes: [nodeNamed('a')],
      record: () => Promise.reject(full),
    });
    await expect(ladder.accessTo('a', signal)).rejects.toBe(full);
    await ladder.close();
    expect(closed).toEqual(['a']);
  });

  it('takes an interruption for no refusal', async () => {
    const stop = new AbortController();
    const interrupted = new ExhibitError('INTERRUPTED', 'interrupted');
    const rung: NodeAccessRung = {
      rung: 'ssh',
      open: () => {
        stop.abort(interrupted);
        return Promise.reject(new Error('the connection was closed'));
      },
    };
    const { ladder, recorded } = ladderOf([rung]);
    await expect(ladder.accessTo('a', stop.signal)).rejects.toBe(interrupted);
    expect(recorded).toEqual([]);
    await expect(ladder.close()).resolves.toBeUndefined();
  });

  it('closes although one way cannot be closed', async () => {
    const closed: string[] = [];
    const rung: NodeAccessRung = {
      rung: 'local',
      open: ({ name }) => {
        const access = fakeAccess(name, closed);
        return Promise.resolve(name === 'a' ? { ...access, close: () => Promise.reject(new Error('gone')) } : access);
      },
    };
    const { ladder } = ladderOf([rung], ['a', 'b']);
    await ladder.accessTo('a', signal);
    await ladder.accessTo('b', signal);
    await ladder.close();
    expect(closed).toEqual(['b']);
  });

  it('closes its rungs last, although one cannot be closed', async () => {
    const closed: string[] = [];
    const open = () => Promise.resolve(fakeAccess('the access', closed));
    const broken: NodeAccessRung = { rung: 'collector-pod', open, close: () => Promise.reject(new Error('gone')) };
    const close = (): Promise<void> => Promise.resolve(void closed.push('the rung'));
    const { ladder } = ladderOf([broken, { rung: 'local', open, close }]);
    await ladder.accessTo('a', signal);
    await ladder.close();
    expect(closed).toEqual(['the access', 'the rung']);
  });
});
