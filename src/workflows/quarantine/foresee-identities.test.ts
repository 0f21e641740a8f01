import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foreseeIdentities } from './foresee-identities.js';
import type { Suspect } from './read-scene.js';

const ROLE = 'arn:aws:iam::123456789012:role/apps/cart';
const suspectWith = (spec: unknown): Suspect =>
  ({ namespace: 'shop', name: 'cart', uid: 'u-1-pod', object: { spec } }) as unknown as Suspect;
const told = (spec: unknown): readonly string[] => foreseeIdentities([suspectWith(spec)], 'k7m2p9');
const env = (name: string, value: string) => ({ containers: [{ env: [{ name, value }] }] });
const token = (audience: string) => ({
  volumes: [{ projected: { sources: [{ serviceAccountToken: { audience } }] } }],
});

/** What a shell makes of the command that is told, word by word. */
function wordsOf(sentence: string | undefined): string[] {
  const command = /aws iam put-role-policy .*$/.exec(sentence ?? '')?.[0] ?? '';
  const text = execFileSync('sh', ['-c', `for word in ${command}; do printf '%s\\n' "$word"; done`]).toString();
  return text.trimEnd().split('\n');
}

describe('credentials that a suspect has by itself', () => {
  it('are none where it has no token of a cloud', () => {
    expect(told({})).toEqual([]);
    expect(told({ ...env('HOME', '/'), ...token('vault') })).toEqual([]);
  });

  it('are named with the role, and with a command that denies the sessions until now', () => {
    const [sentence, ...more] = told({ ...env('AWS_ROLE_ARN', ROLE), ...token('sts.amazonaws.com') });
    expect(more).toEqual([]);
    expect(sentence).toContain(ROLE);
    const words = wordsOf(sentence);
    expect(words.slice(0, -1).join(' ')).toBe(
      'aws iam put-role-policy --role-name cart --policy-name exhibit-deny-k7m2p9 --policy-document',
    );
    expect(JSON.parse(words.at(-1) ?? '')).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          ...{ Effect: 'Deny', Action: '*', Resource: '*' },
          Condition: {
            DateLessThan: {
              'aws:TokenIssueTime': expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string,
            },
          },
        },
      ],
    });
  });

  it('are named without a role where the pod does not say one that can be', () => {
    for (const spec of [token('sts.amazonaws.com.cn'), env('AWS_ROLE_ARN', "arn:x'; rm -rf /")]) {
      const [sentence] = told(spec);
      expect(sentence).toContain('for a role that it does not say');
      expect(sentence).not.toContain('rm -rf');
    }
  });

  it.each([
    ['its variable', { initContainers: env('AWS_CONTAINER_CREDENTIALS_FULL_URI', 'http://169.254.170.23').containers }],
    ['its token', token('pods.eks.amazonaws.com')],
  ])('of Pod Identity are seen by %s, and denied for this pod alone', (_, spec) => {
    const [sentence] = told({ ...spec, serviceAccountName: 'cart-sa' });
    expect(sentence).toContain('--namespace shop --service-account cart-sa');
    expect(JSON.parse(wordsOf(sentence).at(-1) ?? '')).toMatchObject({
      Statement: [{ Condition: { StringEquals: { 'aws:PrincipalTag/kubernetes-pod-uid': 'u-1-pod' } } }],
    });
    expect(told({ ...spec, serviceAccountName: '$(reboot)' })[0]).not.toContain('reboot');
  });

  it('put nothing that a pod says into a command, whatever it is', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (arn, account) => {
        const spec = { ...env('AWS_ROLE_ARN', arn), ...token('pods.eks.amazonaws.com'), serviceAccountName: account };
        for (const one of told(spec))
          for (const [, said = ''] of one.matchAll(/--(?:role-name|service-account) (\S+)/g))
            expect(said.replace(/\.$/, '')).toMatch(/^[\w+=,.@-]+$/);
      }),
    );
  });
});
