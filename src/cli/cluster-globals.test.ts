import { describe, expect, it } from 'vitest';
import { type ClusterFlagValues, clusterGlobalsOf } from './cluster-globals.js';
import { readEnvironment } from './environment.js';

const none: ClusterFlagValues = {
  'kubeconfig': undefined,
  'context': undefined,
  'cluster': undefined,
  'user': undefined,
  'server': undefined,
  'as': undefined,
  'as-group': undefined,
  'as-uid': undefined,
  'as-user-extra': undefined,
  'request-timeout': undefined,
  'insecure-skip-tls-verify': false,
  'tls-server-name': undefined,
  'proxy-url': undefined,
  'certificate-authority': undefined,
  'client-certificate': undefined,
  'client-key': undefined,
};
const environment = (variables: Record<string, string>) => ({ ...readEnvironment(), variables });

describe("kubectl's globals", () => {
  it('hold nothing that was not set', () => {
    expect(clusterGlobalsOf(none, environment({}), {})).toEqual({});
  });

  it('take the context from flag, environment, configuration', () => {
    const variables = environment({ EXHIBIT_CONTEXT: 'from-environment' });
    const config = { context: 'from-config' };
    expect(clusterGlobalsOf({ ...none, context: 'from-flag' }, variables, config)).toEqual({ context: 'from-flag' });
    expect(clusterGlobalsOf(none, variables, config)).toEqual({ context: 'from-environment' });
    expect(clusterGlobalsOf(none, environment({}), config)).toEqual({ context: 'from-config' });
  });

  it('leave KUBECONFIG to the kubeconfig rules, above the configuration file', () => {
    const config = { kubeconfig: '/config' };
    expect(clusterGlobalsOf(none, environment({ KUBECONFIG: '/a:/b' }), config)).toEqual({});
    expect(clusterGlobalsOf(none, environment({}), config)).toEqual({ kubeconfig: '/config' });
  });

  it('read a bare number of a timeout as seconds, as kubectl does', () => {
    for (const [text, ms] of [
      ['30', 30_000],
      ['1m30s', 90_000],
      ['0', 0],
    ] as const) {
      expect(clusterGlobalsOf({ ...none, 'request-timeout': text }, environment({}), {})).toEqual({
        requestTimeoutMs: ms,
      });
    }
  });

  it('gather the extra attributes of an impersonated user', () => {
    const flags = {
      ...none,
      'as': 'jane',
      'as-group': ['a', 'b'],
      'as-user-extra': ['scopes=x', 'scopes=y=z', 'why='],
    };
    expect(clusterGlobalsOf(flags, environment({}), {})).toEqual({
      as: 'jane',
      asGroups: ['a', 'b'],
      asUserExtra: { scopes: ['x', 'y=z'], why: [''] },
    });
    expect(() => clusterGlobalsOf({ ...none, 'as-user-extra': ['=x'] }, environment({}), {})).toThrow('KEY=VALUE');
  });
});
