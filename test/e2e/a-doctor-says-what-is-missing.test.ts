import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { documentSchemaOf } from '../../src/cli/json-schemas.js';
import { systemClock, systemIds } from '../../src/lib/clock.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/start-sandbox.js';
import { User } from './exhibit.js';

const READ_ONLY = {
  resourceRules: [
    { verbs: ['get', 'list'], apiGroups: ['*'], resources: ['*'] },
    { verbs: ['create'], apiGroups: ['authentication.k8s.io', 'authorization.k8s.io'], resources: ['*'] },
  ],
  nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['*'] }],
};
const POD = 'pod/exhibit-quiet/web-659677877-v2qhz';

let user: User;
let sandbox: Sandbox;
beforeEach(async () => {
  user = new User();
  const directory = join(user.directory, 'cluster');
  sandbox = await startSandbox({ directory, clock: systemClock, ids: systemIds, rules: READ_ONLY });
  user.environment['KUBECONFIG'] = sandbox.kubeconfigPath;
});
afterEach(async () => {
  await sandbox.stop();
  user.remove();
});

describe('a doctor, asked by somebody who may only read', () => {
  it('ends with 11, one document on stdout, and the command that says more', async () => {
    const { exitCode, document, stderr } = await user.json('doctor', POD);
    expect(exitCode).toBe(11);
    expect(documentSchemaOf('doctor').safeParse(document).error).toBeUndefined();
    expect(stderr).toContain(`exhibit doctor ${POD} --fix-rbac`);
  });

  it('prints a manifest and nothing else with --fix-rbac, and writes nothing into the cluster', async () => {
    const { exitCode, stdout } = await user.run('doctor', POD, '--fix-rbac');
    expect(exitCode).toBe(11);
    const documents = parseAllDocuments(stdout);
    if (!Array.isArray(documents)) throw new Error(stdout);
    expect(documents.flatMap(({ errors }) => errors)).toEqual([]);
    expect(documents.map((one) => (one.toJS() as { kind: string }).kind)).toEqual([
      'ClusterRole',
      'ClusterRoleBinding',
      'Role',
      'RoleBinding',
    ]);
    const writes = sandbox.requests().filter(({ method, target }) => method !== 'GET' && !target.includes('review'));
    expect(writes).toEqual([]);
  });
});
