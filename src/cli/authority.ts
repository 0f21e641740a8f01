import { toRfc3339, parseInstant } from '../lib/clock.js';
import { type Authority, type AuthorityLimits, NOT_STATED } from '../model/case.js';
import { ExhibitError } from '../model/errors.js';

export interface AuthorityFlags {
  readonly by: string | undefined;
  readonly ground: string | undefined;
  readonly at: string | undefined;
  readonly limits: readonly string[];
}

function instant(text: string, flag: string): string {
  // A time without a zone would mean another instant on another machine.
  const ms = /T.*(?:Z|[+-]\d\d:\d\d)$/.test(text) ? parseInstant(text) : null;
  if (ms === null)
    throw new ExhibitError('USAGE_INVALID', `${flag} takes a time with its zone`, {
      subject: text,
      hints: ['2026-01-31T14:00:00Z'],
    });
  return toRfc3339(ms);
}

/** `namespace=NAME`, `node=NAME` (repeatable), `until=TIME` (once). Throws `USAGE_INVALID`. */
export function parseLimits(texts: readonly string[]): AuthorityLimits {
  const namespaces: string[] = [];
  const nodes: string[] = [];
  const until: string[] = [];
  for (const text of texts) {
    const match = /^(namespace|node|until)=(.+)$/s.exec(text);
    const [, name, value = ''] = match ?? [];
    if (name === undefined)
      throw new ExhibitError('USAGE_INVALID', '--limit takes namespace=NAME, node=NAME or until=TIME', {
        subject: text,
      });
    if (name === 'until') until.push(instant(value, '--limit until'));
    else (name === 'node' ? nodes : namespaces).push(value);
  }
  if (until.length > 1) throw new ExhibitError('USAGE_INVALID', '--limit until was given twice');
  return {
    ...(namespaces.length === 0 ? {} : { namespaces }),
    ...(nodes.length === 0 ? {} : { nodes }),
    ...(until[0] === undefined ? {} : { notAfter: until[0] }),
  };
}

/** Who ordered it, on what ground, with what limits. All or nothing: half an authority would be filled in by guessing. */
export function parseAuthority(flags: AuthorityFlags, nowMs: number): Authority {
  const { by, ground, at, limits } = flags;
  if (by === undefined && ground === undefined && at === undefined && limits.length === 0) return NOT_STATED;
  if (by === undefined || ground === undefined) {
    throw new ExhibitError(
      'USAGE_INVALID',
      '--authority-by and --authority-ground are needed for an authority and for its limits',
      {
        hints: ['exhibit case open --authority-by "CISO Jane Doe" --authority-ground "incident policy 4.2"'],
      },
    );
  }
  return {
    by,
    at: at === undefined ? toRfc3339(nowMs) : instant(at, '--authority-at'),
    ground,
    limits: parseLimits(limits),
  };
}
