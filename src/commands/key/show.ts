import { Args } from '@oclif/core';
import type { z } from 'zod';
import { BaseCommand } from '../../cli/base-command.js';
import { describe } from '../../cli/exit-codes-help.js';
import { outputFlags } from '../../cli/flags.js';
import { isHeldElsewhere } from '../../cli/key-reference.js';
import { listedElsewhere, type ListedKey, listKeys, listTrusted } from '../../cli/key-ring.js';
import type { CommandOutcome } from '../../cli/outcome.js';
import { presentKey, presentKeys, presentKeysWide } from '../../cli/present-keys.js';
import type { keyShowResult } from '../../cli/results/key-results.js';
import { parseAllowedSigners, type AllowedSigners } from '../../evidence/allowed-signers.js';
import { ExhibitError } from '../../model/errors.js';

export default class KeyShow extends BaseCommand<typeof KeyShow> {
  static override summary = 'Show the signing keys of this machine, and whom it trusts.';

  static override description = describe(
    `Public halves only. A private key never leaves its file, its agent or its service. With a KEY that one alone and the
line that others need to trust it; the public half of awskms:ID is asked from the service.`,
    ['KEY_INVALID', 'SIGNER_UNAVAILABLE', 'STORAGE_FAILED'],
  );

  static override examples = [
    '<%= config.bin %> key show',
    '<%= config.bin %> key show -o wide',
    '<%= config.bin %> key show awskms:alias/evidence',
  ];

  static override args = {
    key: Args.string({ ignoreStdin: true, description: 'NAME of a key here, agent:FILE.pub or awskms:ID.' }),
  };

  static override flags = { ...outputFlags };

  protected override async execute(): Promise<CommandOutcome<z.infer<typeof keyShowResult>>> {
    const { allowedSignersFile } = this.context.locations;
    const trust = await this.context.trustList(undefined);
    const list = parseAllowedSigners(trust?.text ?? '', trust?.revoked);
    const keys = await this.#keys(list);
    if (keys.length === 0) this.io.emit('NOTE', 'no key yet; make one: exhibit key new');
    const [only] = keys;
    const shown = { keys, trusted: listTrusted(list), unused: list.unused };
    return {
      result: shown,
      text:
        this.args.key !== undefined && only !== undefined
          ? presentKey(only)
          : presentKeys({ ...shown, source: trust?.source ?? allowedSignersFile }),
      wide: presentKeysWide(keys),
      rows: keys,
      names: keys.map((key) => key.name),
    };
  }

  async #keys(list: AllowedSigners): Promise<readonly ListedKey[]> {
    const { key } = this.args;
    const trust = { list, nowMs: this.context.clock.nowMs() };
    if (key !== undefined && isHeldElsewhere(key))
      return [listedElsewhere(key, (await this.context.signer(key)).publicKey, trust)];
    const keys = await listKeys(this.context.locations.keysDirectory, trust);
    const chosen = key === undefined ? keys : keys.filter(({ name }) => name === key);
    if (chosen.length === 0 && key !== undefined)
      throw new ExhibitError('KEY_INVALID', 'there is no key of that name', {
        subject: key,
        hints: ['exhibit key show'],
      });
    return chosen;
  }
}
