import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeContainment } from './verdict.js';
import type { CheckRound, ContainmentEvidence, Flow, PolicyView, Probe } from './verify/containment-check.js';

const POD = 'shop/cart';
const SUSPECT = { who: 'suspect', address: '10.0.0.2', port: 40_000 } as const;
const OURS = { who: 'uncontained', address: '10.0.0.3', port: 50_000 } as const;

const probe = (kind: Probe['kind'], result: Probe['result'], more: Partial<Probe> = {}): Probe => ({
  ...{ pod: POD, kind, result, detail: result === 'denied' ? 'timeout' : '', at: '2026-01-01T00:00:00.000Z' },
  ...{ mayPass: false, target: kind === 'ingress' ? 'in' : 'out' },
  from: kind === 'egress' ? SUSPECT : OURS,
  to: kind === 'egress' ? OURS : SUSPECT,
  ...more,
});
const egress = (result: Probe['result']): Probe[] => [probe('egress', result), probe('control', 'through')];
const ingress = (result: Probe['result']): Probe[] => [
  probe('ingress', result),
  probe('control', 'through', { target: 'in', from: SUSPECT }),
];
const view = (more: Partial<PolicyView> = {}): PolicyView => ({
  ...{ pod: POD, unknown: null, gone: false, hostNetwork: false },
  ...{ ingressAllowedBy: [], egressAllowedBy: [], unrestricted: [] },
  ...more,
});
const round = (more: Partial<CheckRound> = {}): CheckRound => ({
  ...{ afterSeconds: 30, at: '2026-01-01T00:00:30.000Z', lost: [], policies: [view()], unevaluated: [] },
  ...{ probes: [...egress('denied'), ...ingress('denied')], flows: [], notProbed: [] },
  ...more,
});
const evidence = (more: Partial<ContainmentEvidence> = {}): ContainmentEvidence => ({
  ...{ suspects: [POD], failures: [], rounds: [round()], flowsBefore: [], missedSeconds: [] },
  ...more,
});
const judge = (more: Partial<ContainmentEvidence>) => {
  const { verdict, reasons } = judgeContainment(evidence(more));
  return { verdict, text: reasons.join('\n') };
};
const last = (more: Partial<CheckRound>) => judge({ rounds: [round(more)] });
const flow = (port: number): Flow => ({
  ...{ pod: POD, namespace: '1', local: { address: '10.0.0.2', port }, remote: { address: '198.51.100.7', port: 443 } },
});
const lost = { step: 5, name: 'detach', subject: 'pods shop/cart', state: 'differs', now: null };

describe('a containment is verified', () => {
  it('when every probe was denied in both directions, all steps hold and nothing else allows more', () => {
    const { verdict, text } = judge({});
    expect(verdict).toBe('verified');
    expect(text).toMatch(/out .* was denied: timeout/);
    expect(text).toMatch(/in .* was denied: timeout/);
  });

  it('when the network plugin needed a moment, which is said', () => {
    const early = round({ afterSeconds: 0, probes: [...egress('through'), ...ingress('through')] });
    const { verdict, text } = judge({ rounds: [early, round()] });
    expect(verdict).toBe('verified');
    expect(text).toContain('still went through 0 s after');
  });

  it('whatever becomes of a probe that the operator expects to pass', () => {
    const expected = [probe('egress', 'through', { mayPass: true, target: 'dns' })];
    expect(last({ probes: [...egress('denied'), ...ingress('denied'), ...expected] }).verdict).toBe('verified');
  });
});

describe('a containment holds in part', () => {
  it.each<[string, Partial<CheckRound>, string]>([
    [
      'a policy of others lets in what ours does not, and it comes in',
      { policies: [view({ ingressAllowedBy: ['let-in'] })], probes: [...egress('denied'), ...ingress('through')] },
      'went through, as policy let-in allows',
    ],
    [
      'a policy of others allows something else',
      { policies: [view({ egressAllowedBy: ['dns'] })] },
      'egress is allowed by policy dns',
    ],
    [
      'no policy restricts a direction',
      { policies: [view({ unrestricted: ['egress'] })] },
      'no policy restricts its egress',
    ],
    ['its policies could not be read', { policies: [view({ unknown: 'forbidden' })] }, 'could not be read: forbidden'],
    ['it uses the network of its node', { policies: [view({ hostNetwork: true })] }, 'uses the network of its node'],
    ['a step was put back', { lost: [lost] }, 'step 5 detach of pods shop/cart no longer holds after 30 s: differs'],
    [
      'policies of other kinds are there',
      { unevaluated: ['ciliumnetworkpolicies.cilium.io: 2'] },
      'ciliumnetworkpolicies',
    ],
    ['something was not probed', { notProbed: ['node n: no way leads there'] }, 'no way leads there'],
    ['its connections are not known', { flows: null }, 'is not known'],
    ['one direction was not probed', { probes: egress('denied') }, 'no probe shows that its ingress is denied'],
    [
      'a control did not go through',
      { probes: [...egress('denied'), probe('ingress', 'denied'), probe('control', 'denied', { target: 'in' })] },
      'tells nothing: what had to go through',
    ],
    [
      'something answered in the place of our listener',
      { probes: [...egress('denied'), ...ingress('answered')] },
      'tells nothing',
    ],
  ])('when %s', (_, more, text) => {
    const judged = last(more);
    expect(judged.verdict).toBe('partly');
    expect(judged.text).toContain(text);
  });

  it('when an established flow is there, by whether it was there before', () => {
    const judged = judge({ rounds: [round({ flows: [flow(1), flow(2)] })], flowsBefore: [flow(1)] });
    expect(judged.verdict).toBe('partly');
    expect(judged.text).toContain('an established flow is still there: 10.0.0.2 port 1');
    expect(judged.text).toContain('an established flow was made since: 10.0.0.2 port 2');
    expect(judge({ rounds: [round({ flows: [flow(1)] })], flowsBefore: null }).text).toContain('flow is there');
    const many = Array.from({ length: 30 }, (_, index) => flow(index + 1));
    expect(judge({ rounds: [round({ flows: many })] }).text).toContain('10 more established flows');
  });

  it('when nobody looked again, or was told not to go on, or a step failed, or was put back at an earlier look', () => {
    expect(judge({ rounds: [round({ afterSeconds: 0 })] }).text).toContain('not looked at again later');
    expect(judge({ missedSeconds: [60, 120] }).text).toContain('not looked at again after 60, 120 s');
    expect(judge({ failures: ['step 3 pin: refused'] })).toMatchObject({ verdict: 'partly' });
    const rounds = [round({ lost: [lost] }), round({ afterSeconds: 60 })];
    expect(judge({ rounds })).toMatchObject({
      verdict: 'partly',
      text: expect.stringContaining('after 30 s') as string,
    });
  });

  it('when one suspect is held and another is gone', () => {
    const gone = view({ pod: 'shop/old', gone: true });
    const judged = judge({ suspects: [POD, 'shop/old'], rounds: [round({ policies: [view(), gone] })] });
    expect(judged.verdict).toBe('partly');
    expect(judged.text).toContain('shop/old is gone');
  });
});

describe('a containment is not verified', () => {
  it.each<[string, Partial<CheckRound>, string]>([
    [
      'a probe got through that nothing explains',
      { probes: [...egress('through'), ...ingress('denied')] },
      'went through',
    ],
    ['nothing was probed', { probes: [], notProbed: ['no way to the nodes'] }, 'no way to the nodes'],
    [
      'everything went through, though a policy explains it: nothing shows that any is enforced',
      {
        policies: [view({ ingressAllowedBy: ['all'], egressAllowedBy: ['all'] })],
        probes: [...egress('through'), ...ingress('through')],
      },
      'pod shop/cart: policy all allows both directions, so that no probe can show whether any policy is enforced',
    ],
    [
      'everything went through, and a policy explains one direction alone',
      {
        policies: [view({ ingressAllowedBy: ['all'] })],
        probes: [...egress('through'), ...ingress('through')],
      },
      'out (from 10.0.0.2 port 40000 to 10.0.0.3 port 50000, 2026-01-01T00:00:00.000Z) went through',
    ],
    [
      'a denied probe has no control',
      { probes: [probe('egress', 'denied'), probe('ingress', 'denied')] },
      'tells nothing',
    ],
    [
      'what came in was denied and nobody showed that the sender can send',
      { probes: [...ingress('denied'), probe('egress', 'denied'), probe('control', 'denied')] },
      'tells nothing',
    ],
  ])('when %s', (_, more, text) => {
    const judged = last(more);
    expect(judged.verdict).toBe('unverified');
    expect(judged.text).toContain(text);
  });

  it('when a probe passes again that was denied before', () => {
    const rounds = [
      round(),
      round({ afterSeconds: 60, probes: [...egress('through'), ...ingress('denied')] }),
      round(),
    ];
    expect(judge({ rounds })).toMatchObject({
      verdict: 'unverified',
      text: expect.stringContaining('again') as string,
    });
  });

  it('when nobody is suspected, or nobody looked', () => {
    expect(judge({ suspects: [] })).toMatchObject({ verdict: 'unverified' });
    expect(judge({ rounds: [] }).text).toContain('not looked at');
  });

  it('however much else is right: without a denied probe and its control it is never more', () => {
    const results = fc.constantFrom<Probe['result']>('through', 'answered', 'denied', 'unknown');
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom<Probe['kind']>('egress', 'ingress'), results)), (tried) => {
        const probes = tried.map(([kind, result]) => probe(kind, result));
        expect(last({ probes }).verdict).toBe('unverified');
      }),
    );
  });
});
