import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentSchemaOf } from '../../src/cli/json-schemas.js';
import type { Sandbox } from '../../src/sandbox/start-sandbox.js';
import { makeTsa } from '../fakes/token-maker.js';
import { inMemory, startTsa, type TsaServer } from '../fakes/tsa-server.js';
import { type Ended, User } from './exhibit.js';

const tsa = makeTsa({ kind: 'rsa', withIntermediate: true });
const user = new User();
const roots = join(user.directory, 'roots.pem');
const otherRoots = join(user.directory, 'other.pem');
let sandbox: Sandbox;
let server: TsaServer;

type Result = Ended & { readonly document: Record<string, unknown> };

beforeAll(async () => {
  sandbox = await user.sandbox();
  server = await startTsa(inMemory(tsa));
  writeFileSync(roots, tsa.root.pem);
  writeFileSync(otherRoots, makeTsa().root.pem);
  await user.run('key', 'new');
});
afterAll(async () => {
  await server.stop();
  await sandbox.stop();
  user.remove();
});

async function sealed(...args: string[]): Promise<Result> {
  await user.run(
    'collect',
    '--namespace',
    'exhibit-quiet',
    '--profile',
    'triage',
    '--kubeconfig',
    sandbox.kubeconfigPath,
  );
  return await user.json('seal', ...args);
}

const verdictOf = async (archive: string, ...args: string[]): Promise<[number | undefined, unknown]> => {
  const { exitCode, document } = await user.json('verify', archive, ...args);
  return [exitCode, document['verdict'] ?? document['error']];
};

describe('a time-stamp', () => {
  it('is got at the seal, and proves the time to whoever has the root', async () => {
    server.behaviour = 'good';
    const seal = await sealed('--tsa', server.url);
    expect(documentSchemaOf('seal').safeParse(seal.document).error).toBeUndefined();
    expect(seal.exitCode).toBe(0);
    expect(seal.document['timestamps']).toMatchObject([{ url: server.url, authority: 'Test time-stamping' }]);
    const archive = String(seal.document['archivePath']);
    const receipt = String(seal.document['receiptPath']);
    expect(await verdictOf(archive, '--tsa-ca', roots, '--receipt', receipt)).toEqual([0, 'VERIFIED']);
    expect(await verdictOf(archive)).toEqual([4, 'INTACT_UNTIMESTAMPED']);
    expect(await verdictOf(archive, '--tsa-ca', otherRoots)).toEqual([4, 'INTACT_UNTIMESTAMPED']);
    const text = await user.run('verify', archive, '--tsa-ca', roots);
    expect(text.stdout).toMatch(/signed no\s+later\s+than\s+\d{4}-\S+Z\s+\(time-stamp\s+of\s+Test\s+time-stamping\)/);
    expect(text.stdout).toMatch(/^time +passed/m);
  });

  it('that does not come stops no seal, is said loudly, and is got later', async () => {
    server.behaviour = 'garbage';
    const seal = await sealed('--tsa', server.url);
    expect(documentSchemaOf('seal').safeParse(seal.document).error).toBeUndefined();
    expect(seal.exitCode).toBe(3);
    const archive = String(seal.document['archivePath']);
    expect(seal.stderr).toContain('sealed WITHOUT a time-stamp');
    expect(seal.stderr).toContain(`exhibit custody retimestamp ${archive} --tsa ${server.url}`);
    expect(seal.document['report']).toMatchObject({ verdict: 'INTACT_UNTIMESTAMPED' });
    expect(await verdictOf(archive, '--tsa-ca', roots)).toEqual([4, 'INTACT_UNTIMESTAMPED']);
    const failed = await user.json('custody', 'retimestamp', archive, '--tsa', server.url);
    expect(failed).toMatchObject({ exitCode: 20, document: { error: { code: 'TIMESTAMP_FAILED' } } });
    server.behaviour = 'good';
    const later = await user.json('custody', 'retimestamp', archive, '--tsa', server.url);
    expect(documentSchemaOf('custody:retimestamp').safeParse(later.document).error).toBeUndefined();
    expect(later).toMatchObject({ exitCode: 0, document: { timestamps: [{ sequence: 1 }] } });
    expect(await verdictOf(archive, '--tsa-ca', roots)).toEqual([0, 'VERIFIED']);
    expect(await verdictOf(archive)).toEqual([4, 'INTACT_UNTIMESTAMPED']);
  });

  it('is asked for by the environment, too, and is no check where nobody asks', async () => {
    server.behaviour = 'good';
    user.environment['EXHIBIT_TSA'] = server.url;
    const stamped = await sealed();
    delete user.environment['EXHIBIT_TSA'];
    expect(stamped.document['timestamps']).toHaveLength(1);
    const plain = String((await sealed()).document['archivePath']);
    expect(await verdictOf(plain)).toEqual([0, 'VERIFIED']);
    expect(await verdictOf(plain, '--require-timestamp')).toEqual([4, 'INTACT_UNTIMESTAMPED']);
  });

  it.each<[string[], string]>([
    [['--tsa', 'ftp://tsa.example/'], 'USAGE_INVALID'],
    [['--tsa', 'tsa.example'], 'USAGE_INVALID'],
    [['--tsa', 'http://me:secret@tsa.example/'], 'USAGE_SECRET_IN_ARGV'],
  ])('is not asked for at %s', async (args, code) => {
    const refused = await user.json('custody', 'retimestamp', 'x.tar.gz', ...args);
    expect(refused).toMatchObject({ exitCode: 2, document: { error: { code } } });
    expect(refused.stdout + refused.stderr).not.toContain('secret@');
  });
});
