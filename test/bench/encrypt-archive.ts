/**
 * node bench-encrypt-archive.mjs SOURCE SHA256 PARTIAL RECIPIENT: encrypts as `exhibit seal --encrypt-to` does, and says what the CPU had
 * cost, the start of Node.js included, when the encrypting pass was through and when the ciphertext had been read back.
 */
import { encryptArchive } from '../../src/evidence/age/encrypt-archive.js';
import { parseRecipient } from '../../src/evidence/age/recipients.js';

const [source = '', sourceSha256 = '', partial = '', text = ''] = process.argv.slice(2);
const recipient = parseRecipient(text);
if (recipient === null) throw new Error(`no recipient: ${text}`);

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

let encryptingCpuS: number | null = null;
await encryptArchive({
  source,
  sourceSha256,
  partial,
  target: { recipients: [recipient] },
  program: { variables: {} },
  onProgress: (phase) => {
    // The first word of the reading back: the file is written and synced.
    if (phase === 'read back') encryptingCpuS ??= cpuSeconds();
  },
});
process.stdout.write(`${JSON.stringify({ encryptingCpuS, wholeCpuS: cpuSeconds() })}\n`);
