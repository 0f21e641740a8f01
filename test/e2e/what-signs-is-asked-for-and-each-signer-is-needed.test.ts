import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { documentSchemaOf } from '../../src/cli/json-schemas.js';
import type { Sandbox } from '../../src/sandbox/start-sandbox.js';
import { hasTool, needs, runTool } from '../fakes/stock-tools.js';
import { LOCKED_KEY, LOCKED_KEY_PASSPHRASE, LOCKED_KEY_PUBLIC } from '../fakes/locked-key.js';
import { User } from './exhibit.js';

const PROGRAM = resolve(import.meta.dirname, '../../bin/run.js');
const hasOpenssh = hasTool('ssh-keygen', ['-?']) && hasTool('ssh-agent', ['-?']);
const hasScript = hasTool('script', ['--version']);

let user: User;
let sandbox: Sandbox;

beforeEach(async () => {
  user = new User();
  sandbox = await user.sandbox();
});
afterEach(async () => {
  await sandbox.stop();
  user.remove();
});

const collect = async (): Promise<void> => {
  const flags = ['--namespace', 'exhibit-quiet', '--profile', 'triage', '--kubeconfig', sandbox.kubeconfigPath];
  expect((await user.run('collect', ...flags)).exitCode).toBe(0);
};

const trustList = (): string => readFileSync(join(user.home, 'allowed_signers'), 'utf8');

/** A key that was locked elsewhere, under this name. */
const addLockedKey = (name: string): void => {
  writeFileSync(join(user.home, 'keys', name), LOCKED_KEY, { mode: 0o600 });
  writeFileSync(join(user.home, 'keys', `${name}.pub`), `${LOCKED_KEY_PUBLIC}\n`);
};

describe('seal --countersign', () => {
  it('makes an archive that needs both signers, and any one of them revoked is one too few', async () => {
    await user.run('key', 'new', '--principal', 'ann@example.org');
    await user.run('key', 'new', '--name', 'second', '--principal', 'bob@example.org');
    await collect();
    const twice = await user.json('seal', '--countersign', 'second', '--countersign', 'default');
    expect(twice).toMatchObject({ exitCode: 2, document: { error: { code: 'USAGE_INVALID', subject: 'default' } } });
    const sealed = await user.json('seal', '--countersign', 'second');
    expect(documentSchemaOf('seal').safeParse(sealed.document).error).toBeUndefined();
    expect(sealed).toMatchObject({ exitCode: 0, document: { statement: { policy: { requireSigners: 2 } } } });
    const archive = String(sealed.document['archivePath']);
    const verify = async (...flags: string[]): Promise<unknown> =>
      (await user.json('verify', archive, ...flags)).document;
    expect(await verify()).toMatchObject({ verdict: 'VERIFIED', exitCode: 0 });

    const [ann, bob] = trustList().trim().split('\n');
    writeFileSync(join(user.directory, 'ann-alone'), `${ann ?? ''}\n`);
    const alone = await verify('--allowed-signers', join(user.directory, 'ann-alone'));
    expect(alone).toMatchObject({ verdict: 'UNTRUSTED_SIGNER', exitCode: 4 });

    const revoked = join(user.directory, 'revoked');
    writeFileSync(revoked, `# lost\n${(bob ?? '').split(' ').slice(2).join(' ')}\n`);
    const without = await verify('--revoked', revoked);
    expect(without).toMatchObject({
      verdict: 'UNTRUSTED_SIGNER',
      line: expect.stringContaining('the key is revoked') as string,
    });
    user.environment['EXHIBIT_REVOKED'] = revoked;
    expect(await verify()).toMatchObject({ verdict: 'UNTRUSTED_SIGNER' });
    writeFileSync(revoked, 'neither a KRL nor a key\n');
    expect(await verify()).toMatchObject({ error: { code: 'KEY_INVALID', exitCode: 2, subject: revoked } });
    expect((await user.run('verify', archive)).stdout).not.toContain('VERIFIED');
  });

  it('says who signed, and who countersigned', async () => {
    await user.run('key', 'new', '--principal', 'ann@example.org');
    await user.run('key', 'new', '--name', 'second', '--principal', 'bob@example.org');
    await collect();
    const { stdout } = await user.run('seal', '--countersign', 'second');
    expect(stdout).toMatch(/signed by: +SHA256:\S+ \(ann@example\.org\)\nand by: +SHA256:\S+ \(bob@example\.org\)/);
  });
});

describe('a key with a passphrase', () => {
  it('is opened by one line of a descriptor for each, in the order of the keys', async () => {
    const made = await user.shell('exhibit key new --passphrase-fd 3 --json 3<<< "first word"');
    expect(JSON.parse(made.stdout)).toMatchObject({ passphrase: true });
    expect(readFileSync(join(user.home, 'keys', 'default'), 'utf8')).toContain('OPENSSH PRIVATE KEY');
    addLockedKey('second');
    const listed = await user.json('key', 'show');
    expect(listed.document['keys']).toMatchObject([
      { name: 'default', heldIn: 'file, with passphrase', type: 'ssh-ed25519' },
      { name: 'second', heldIn: 'file, with passphrase', trustedAs: null },
    ]);
    await collect();
    const inOrder = (lines: string): string => `exhibit seal --countersign second --passphrase-fd 3 3<<< ${lines}`;
    const wrong = await user.shell(inOrder(`"${LOCKED_KEY_PASSPHRASE}"`));
    expect(wrong.exitCode).toBe(2);
    expect(wrong.stderr).toContain('PASSPHRASE_WRONG');
    const tooFew = await user.shell(inOrder('"first word"'));
    expect(tooFew.exitCode).toBe(5);
    const sealed = await user.shell(inOrder(`$'first word\\n${LOCKED_KEY_PASSPHRASE}'`));
    expect({ exitCode: sealed.exitCode, stderr: sealed.stderr }).toMatchObject({ exitCode: 0 });
    for (const { stdout, stderr } of [made, wrong, tooFew, sealed]) expect(stdout + stderr).not.toContain('first word');
  });

  it('is not used where nobody can be asked, and no variable is a way around that', async () => {
    await user.run('key', 'new');
    addLockedKey('locked');
    await collect();
    user.environment['EXHIBIT_PASSPHRASE'] = LOCKED_KEY_PASSPHRASE;
    const refused = await user.json('seal', '--key', 'locked');
    expect(refused).toMatchObject({ exitCode: 5, document: { error: { code: 'DECLINED' } } });
    expect((await user.json('seal')).exitCode).toBe(0);
  });

  it('is refused on the command line, and repeated nowhere', async () => {
    for (const words of [['--passphrase=s3cr3t'], ['--passphrase', 's3cr3t']]) {
      const refused = await user.json('key', 'new', ...words);
      expect(refused).toMatchObject({ exitCode: 2, document: { error: { code: 'USAGE_SECRET_IN_ARGV' } } });
      expect(refused.stdout + refused.stderr).not.toContain('s3cr3t');
    }
    expect(existsSync(join(user.home, 'keys', 'default'))).toBe(false);
  });

  it.skipIf(!hasScript)(`is asked for at a terminal without showing it${needs('script', hasScript)}`, async () => {
    // A login shell's own terminal: what is typed before the question would be echoed by it, so each answer waits for its question.
    const line = `'${process.execPath}' '${PROGRAM}' key new --passphrase`;
    const terminal = spawn('script', ['-qefc', line, '/dev/null'], { env: user.environment, cwd: user.directory });
    const ended = once(terminal, 'exit');
    let shown = '';
    terminal.stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString();
    });
    const answer = async (question: string, text: string): Promise<void> => {
      while (!shown.includes(question)) await delay(20);
      terminal.stdin.write(`${text}\r`);
    };
    await answer(`the new key ${join(user.home, 'keys', 'default')}: `, 'pass word');
    await answer('(once more): ', 'pass word');
    expect(await ended).toEqual([0, null]);
    expect(shown).toContain('SHA256:');
    expect(shown).not.toContain('pass word');
    expect((await user.json('key', 'show')).document['keys']).toMatchObject([{ heldIn: 'file, with passphrase' }]);
    if (hasOpenssh) {
      const opened = runTool('ssh-keygen', ['-y', '-P', 'pass word', '-f', join(user.home, 'keys', 'default')]);
      expect(opened.status).toBe(0);
    }
  });
});

describe.skipIf(!hasOpenssh)(`a key in an ssh-agent${needs('OpenSSH', hasOpenssh)}`, () => {
  it('seals, and stock ssh-keygen verifies what it signed', async () => {
    const [key, socket] = [join(user.directory, 'id'), join(user.directory, 'agent')];
    expect(runTool('ssh-keygen', ['-q', '-t', 'ecdsa', '-b', '256', '-N', '', '-f', key]).status).toBe(0);
    await collect();
    const lonely = await user.json('seal', '--key', 'agent:id.pub');
    expect(lonely).toMatchObject({ exitCode: 20, document: { error: { code: 'SIGNER_UNAVAILABLE' } } });
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
    const ended = once(agent, 'exit');
    try {
      while (!existsSync(socket)) await delay(10);
      user.environment['SSH_AUTH_SOCK'] = socket;
      expect(spawnSync('ssh-add', ['-q', key], { env: user.environment }).status).toBe(0);
      rmSync(key);
      const trusted = await user.json('key', 'trust', 'agent:id.pub', '--principal', 'token@example.org', '--yes');
      expect(trusted.document).toMatchObject({ added: true });
      expect((await user.run('key', 'show', 'agent:id.pub')).stdout).toContain('token@example.org');
      const sealed = await user.json('seal', '--key', 'agent:id.pub');
      expect(sealed).toMatchObject({ exitCode: 0, document: { report: { verdict: 'VERIFIED' } } });
      copyFileSync(String(sealed.document['archivePath']), join(user.directory, 'a.tar.gz'));
    } finally {
      agent.kill();
      await ended;
    }
    expect((await user.json('verify', 'a.tar.gz')).document).toMatchObject({
      verdict: 'VERIFIED',
      signer: { principal: 'token@example.org' },
    });
    const { exitCode } = await user.shell(
      `tar xzf a.tar.gz && cd *-x0001 && ssh-keygen -Y verify -f '${join(user.home, 'allowed_signers')}' -I token@example.org \
        -n exhibit-seal@v1 -s seal/tagmanifest-sha256.txt.sig < tagmanifest-sha256.txt`,
    );
    expect(exitCode).toBe(0);
  });
});
