import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareViews, type ContainerView, type NodeViews, type ViewSamples } from './container-views.js';

const always = (...ids: string[]): ViewSamples => ({ before: new Set(ids), after: new Set(ids) });
const VIEWS: readonly ContainerView[] = ['api-running', 'api', 'store', 'task', 'cgroup', 'process'];

function views(changed: Partial<NodeViews>): NodeViews {
  const all = always('web');
  return { 'api-running': all, 'api': all, 'store': all, 'task': all, 'cgroup': all, 'process': all, ...changed };
}

describe('views of a node', () => {
  it('that agree give no finding', () => {
    expect(compareViews(views({}))).toStrictEqual([]);
  });

  it('show a process of a container that neither runtime nor API knows', () => {
    const found = compareViews(views({ process: always('web', 'ghost'), cgroup: always('web', 'ghost') }));
    expect(found.map(({ rule, containerId, verdict }) => [rule, containerId, verdict])).toStrictEqual([
      ['no-task', 'ghost', 'ghost'],
      ['unknown-to-api', 'ghost', 'ghost'],
      ['unknown-to-store', 'ghost', 'ghost'],
    ]);
    expect(found[0]).toMatchObject({
      seenIn: ['cgroup', 'process'],
      missingIn: ['api-running', 'api', 'store', 'task'],
    });
  });

  it('show a container whose processes hide from the process table', () => {
    const rules = compareViews(views({ process: always() })).map(({ rule, verdict }) => [rule, verdict]);
    expect(rules).toStrictEqual([
      ['hidden-from-processes', 'ghost'],
      ['no-process', 'ghost'],
    ]);
  });

  it('call it a race when a container began or ended while we looked', () => {
    const began = { before: new Set(['web']), after: new Set(['web', 'new']) };
    const found = compareViews(
      views({ 'process': began, 'api': began, 'api-running': began, 'task': always('web', 'new') }),
    );
    expect(found.length).toBeGreaterThan(0);
    expect(
      found.every(({ verdict, containerId }) => containerId === 'new' && ['race', 'ghost'].includes(verdict)),
    ).toBe(true);
    expect(found.filter(({ rule }) => rule === 'unknown-to-api').map(({ verdict }) => verdict)).toStrictEqual(['race']);
  });

  it('say nothing against a view that could not be had', () => {
    const none = { before: null, after: null };
    expect(compareViews(views({ process: always('web', 'x'), api: none, store: none, task: none }))).toStrictEqual([]);
  });

  it('never find what all of them show both times', () => {
    const ids = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'));
    const sample = fc.record({ before: fc.option(ids), after: fc.option(ids) });
    fc.assert(
      fc.property(fc.tuple(sample, sample, sample, sample, sample, sample), (samples) => {
        const made = Object.fromEntries(
          VIEWS.map((view, index) => {
            const { before = null, after = null } = samples[index] ?? {};
            const withWeb = (list: string[] | null) => (list === null ? null : new Set([...list, 'everywhere']));
            return [view, { before: withWeb(before), after: withWeb(after) }];
          }),
        ) as unknown as NodeViews;
        expect(compareViews(made).some(({ containerId }) => containerId === 'everywhere')).toBe(false);
      }),
    );
  });
});
