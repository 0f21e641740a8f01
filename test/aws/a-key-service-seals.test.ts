import { CreateAliasCommand, CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/start-sandbox.js';
import { User } from '../e2e/exhibit.js';
import { hasTool } from '../fakes/stock-tools.js';
import { FAKE_ACCOUNT, hasMoto, type Moto, needsMoto, startMoto } from './moto.js';

const canRun = hasMoto && hasTool('ssh-keygen', ['-?']);

describe.skipIf(!canRun)(`an archive sealed with a key of AWS KMS${needsMoto}`, () => {
  let moto: Moto;
  let kms: KMSClient;
  let user: User;
  let sandbox: Sandbox;
  let arn: string;

  beforeAll(async () => {
    moto = await startMoto();
    const credentials = { accessKeyId: 'testing', secretAccessKey: 'testing' };
    kms = new KMSClient({ endpoint: moto.endpoint, region: 'eu-central-1', credentials });
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' }));
    arn = KeyMetadata!.Arn!;
    await kms.send(new CreateAliasCommand({ AliasName: 'alias/evidence', TargetKeyId: arn }));
    user = new User();
    Object.assign(user.environment, FAKE_ACCOUNT, { AWS_ENDPOINT_URL_KMS: moto.endpoint });
    await user.run('key', 'new', '--principal', 'ann@example.org');
    sandbox = await user.sandbox();
  });
  afterAll(async () => {
    kms.destroy();
    await sandbox.stop();
    user.remove();
    await moto.stop();
  });

  const collect = async (): Promise<void> => {
    const flags = ['--namespace', 'exhibit-quiet', '--profile', 'triage', '--kubeconfig', sandbox.kubeconfigPath];
    expect((await user.run('collect', ...flags)).exitCode).toBe(0);
  };

  it('is verified by us and by stock ssh-keygen, whatever the key was named by, beside a second signer', async () => {
    const shown = await user.json('key', 'show', 'awskms:alias/evidence');
    const [key] = shown.document['keys'] as { publicKey: string; heldIn: string }[];
    expect(key).toMatchObject({ type: 'ecdsa-sha2-nistp256', heldIn: 'elsewhere' });
    writeFileSync(join(user.directory, 'kms.pub'), `${key!.publicKey}\n`);
    await user.run('key', 'trust', 'kms.pub', '--principal', 'kms@example.org', '--yes');
    await collect();
    const twice = await user.json('seal', '--key', `awskms:${arn}`, '--countersign', 'awskms:alias/evidence');
    expect(twice.document['error']).toMatchObject({ code: 'USAGE_INVALID' });
    const sealed = await user.json('seal', '--key', `awskms:${arn}`, '--countersign', 'default');
    expect(sealed).toMatchObject({ exitCode: 0, document: { report: { verdict: 'VERIFIED' } } });
    const archive = String(sealed.document['archivePath']);
    expect((await user.json('verify', archive)).document).toMatchObject({
      verdict: 'VERIFIED',
      signer: { principal: 'kms@example.org' },
    });
    const { exitCode, stderr } = await user.shell(
      `tar xzf '${archive}' && cd *-x000* && ssh-keygen -Y verify -f '${join(user.home, 'allowed_signers')}' -I kms@example.org \
        -n exhibit-seal@v1 -s seal/tagmanifest-sha256.txt.sig < tagmanifest-sha256.txt`,
    );
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  });

  it('is not made, and nothing is lost, when the service does not have the key', async () => {
    await collect();
    const refused = await user.json('seal', '--key', 'awskms:alias/nobody');
    expect(refused).toMatchObject({ exitCode: 20, document: { error: { code: 'SIGNER_UNAVAILABLE' } } });
    expect((await user.json('seal')).document).toMatchObject({ report: { verdict: 'VERIFIED' } });
  });
});
