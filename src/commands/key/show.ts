import type { z } from 'zod';
import { BaseCommand } from '../../cli/base-command.js';
import { describe } from '../../cli/exit-codes-help.js';
import { outputFlags } from '../../cli/flags.js';
import { listKeys, listTrusted } from '../../cli/key-ring.js';
import type { CommandOutcome } from '../../cli/outcome.js';
import type { keyShowResult } from '../../cli/results/key-results.js';
import { renderTable } from '../../cli/table.js';
import { readTrustList } from '../../cli/trust-list.js';

export default class KeyShow extends BaseCommand<typeof KeyShow> {
  static override summary = 'Show the signing keys of this machine, and whom it trusts.';

  static override description = describe('Public halves only. A private key never leaves its file.', [
    'STORAGE_FAILED',
  ]);

  static override examples = [
    '<%= config.bin %> key show',
    '<%= config.bin %> key show -o wide',
    '<%= config.bin %> key show --json',
  ];

  static override flags = { ...outputFlags };

  protected override async execute(): Promise<CommandOutcome<z.infer<typeof keyShowResult>>> {
    const { keysDirectory, allowedSignersFile } = this.context.locations;
    const trust = await readTrustList(allowedSignersFile, false);
    const keys = await listKeys(keysDirectory, { text: trust?.text ?? '', nowMs: this.context.clock.nowMs() });
    if (keys.length === 0) this.io.emit('NOTE', 'no key yet; make one: exhibit key new');
    const trusted = listTrusted(trust?.text ?? '');
    const vouched =
      trusted.length === 0
        ? ''
        : `Trusted as signers (${allowedSignersFile}):\n${renderTable(
            ['principal', 'fingerprint'],
            trusted.map(({ principals, fingerprint }) => [principals, fingerprint]),
          )}`;
    const rows = keys.map((key) => [key.name, key.fingerprint, key.trustedAs ?? 'no']);
    return {
      result: { keys, trusted },
      text: [keys.length === 0 ? '' : renderTable(['name', 'fingerprint', 'trusted as'], rows), vouched]
        .filter((part) => part !== '')
        .join('\n\n'),
      wide: renderTable(
        ['name', 'fingerprint', 'trusted as', 'path', 'public key'],
        keys.map((key, index) => [...(rows[index] ?? []), key.path, key.publicKey]),
      ),
      rows: keys,
      names: keys.map((key) => key.name),
    };
  }
}
