import { describe, expect, it } from 'vitest';
import { denialOf } from '../deny-view.js';
import { denyCalico } from './deny-calico.js';

const DENIAL = denialOf('k7m2p9', { key: 'kubexhibit.dev/quarantine', value: 'k7m2p9' });
const withRule = (rule: object) => {
  const { metadata, spec } = denyCalico.body('default.deny', DENIAL) as { metadata: object; spec: object };
  return { metadata, spec: { ...spec, egress: [{ action: 'Deny', ...rule }] } };
};

describe('a policy of Calico', () => {
  it('is read back as what was made, empty parts that its server fills in among it', () => {
    expect(denyCalico.look(withRule({}))).toEqual(DENIAL);
    expect(denyCalico.look(withRule({ source: {}, destination: {}, notNets: [], metadata: null }))).toEqual(DENIAL);
  });

  it.each([{ ipVersion: 4 }, { protocol: 6 }, { protocol: 'TCP' }, { destination: { nets: ['10.0.0.0/8'] } }])(
    'that denies only %j does not deny everything',
    (rule) => {
      expect(denyCalico.look(withRule(rule)).policyTypes).toEqual(['Ingress']);
    },
  );
});
