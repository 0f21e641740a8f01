import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ageKey, NO_AGE } from '../../../test/fakes/age-world.js';
import { makeHeader } from './make-header.js';
import { parseRecipient, parseRecipientFile, readRecipients } from './recipients.js';

const key = await ageKey();
const other = await ageKey();
const hybrid = await ageKey('post-quantum');
const SSH = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB1XtNIG7mm1kXRoJgNlVBDXDnQHzhsRSKMhUM3EUzsb';

function write(text: string | Uint8Array): string {
  const path = join(mkdtempSync(join(tmpdir(), 'exhibit-recipients-')), 'recipients.txt');
  writeFileSync(path, text);
  return path;
}

describe('readRecipients', () => {
  it('takes keys and files of keys, and each key once', async () => {
    const file = write(`# the team\n\n${key.recipient}\r\n${SSH} jane@laptop\n`);
    await expect(readRecipients([other.recipient, file, key.recipient])).resolves.toEqual([
      { kind: 'X25519', text: other.recipient },
      { kind: 'X25519', text: key.recipient },
      { kind: 'ssh', text: SSH },
    ]);
    await expect(readRecipients([SSH, `${SSH} again`])).resolves.toHaveLength(1);
    await expect(readRecipients([hybrid.recipient])).resolves.toMatchObject([{ kind: 'post-quantum' }]);
  });

  it('mixes no others with post-quantum recipients', async () => {
    await expect(readRecipients([hybrid.recipient, key.recipient])).rejects.toMatchObject({ code: 'AGE_KEY_INVALID' });
  });

  it('refuses a private key wherever it stands, and repeats it nowhere', async () => {
    for (const given of [key.identity, key.identityPath, write('-----BEGIN OPENSSH PRIVATE KEY-----\n')]) {
      const error: unknown = await readRecipients([given]).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'AGE_KEY_INVALID' });
      expect((error as Error).message).toContain('private key');
      expect(`${JSON.stringify(error)}${(error as Error).stack ?? ''}`).not.toContain(key.identity);
    }
  });

  it.each([
    ['a kind that is not known', 'age1yubikey1qqqq'],
    ['a shortened key', 'age1qqqqqq'],
    ['an ssh key of another kind', 'ssh-dss AAAA'],
    ['a file that is not there', '/nonexistent/recipients'],
    ['a folder', tmpdir()],
    ['an empty file', write('# nobody\n')],
    ['a file with something else', write('hello\n')],
    ['a file that is far too long', write(Buffer.alloc(300_000, '#'))],
  ])('refuses %s', async (_what, given) => {
    await expect(readRecipients([given])).rejects.toMatchObject({ code: 'AGE_KEY_INVALID', exitCode: 2 });
  });

  it('refuses a recipient with a wrong letter when it is used', async () => {
    const letter = key.recipient.endsWith('q') ? 'p' : 'q';
    const [recipient] = await readRecipients([key.recipient.slice(0, -1) + letter]);
    if (recipient === undefined) throw new Error('none');
    await expect(makeHeader({ recipients: [recipient] }, NO_AGE)).rejects.toMatchObject({ code: 'AGE_KEY_INVALID' });
  });

  it('takes or refuses whatever text it is given, and gives back what it took', () => {
    const line = fc.oneof(fc.constantFrom(key.recipient, `${SSH} x`, '# c', '', hybrid.recipient), fc.string());
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
        try {
          for (const recipient of parseRecipientFile(lines.join('\n'), 'file'))
            expect(parseRecipient(recipient.text)).toEqual(recipient);
        } catch (error) {
          expect(error).toMatchObject({ code: 'AGE_KEY_INVALID' });
        }
      }),
    );
  });
});
