import { ExhibitError } from '../model/errors.js';
import { emptyUser, type UserEntry } from './kubeconfig-file.js';
import type { KubeGlobals } from '../model/kube-globals.js';

export interface Impersonation {
  readonly user: string;
  readonly uid: string | null;
  readonly groups: readonly string[];
  readonly extra: readonly (readonly [string, readonly string[]])[];
}

/** Octets of a header name that stay as they are; the rest is percent-escaped, as the API server expects of `Impersonate-Extra-`. */
const TOKEN_CHARACTER = /[!#$&'*+\-.^_`|~0-9A-Za-z]/;
const HEADER_BREAKER = /[\0\r\n]/;

function escapeHeaderKey(key: string): string {
  let escaped = '';
  for (const byte of Buffer.from(key.toLowerCase(), 'utf8')) {
    const character = String.fromCharCode(byte);
    escaped += TOKEN_CHARACTER.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return escaped;
}

function assertHeaderValues(values: readonly string[]): void {
  if (!values.some((value) => HEADER_BREAKER.test(value))) return;
  throw new ExhibitError('KUBECONFIG_INVALID', 'A name to be impersonated holds a line end or a zero byte.');
}

/** Flags win over the user entry, field by field. `null` = nobody is impersonated. Throws `KUBECONFIG_INVALID`. */
export function resolveImpersonation(globals: KubeGlobals, entry: UserEntry | null): Impersonation | null {
  const own = entry ?? emptyUser();
  const user = globals.as ?? own.as;
  const uid = globals.asUid ?? own['as-uid'];
  const groups = globals.asGroups ?? own['as-groups'];
  const extra = Object.entries(globals.asUserExtra ?? own['as-user-extra'] ?? {});
  if (user === '') {
    if (uid === '' && groups.length === 0 && extra.length === 0) return null;
    throw new ExhibitError('KUBECONFIG_INVALID', 'A uid, groups or extra fields are to be impersonated, but no user.', {
      hints: ['--as USER'],
    });
  }
  assertHeaderValues([user, uid, ...groups, ...extra.flatMap(([, values]) => values)]);
  return { user, uid: uid === '' ? null : uid, groups, extra };
}

/** The headers of it, one line per group and per value. */
export function impersonationHeaders(impersonation: Impersonation | null): (readonly [string, string])[] {
  if (impersonation === null) return [];
  return [
    ['Impersonate-User', impersonation.user],
    ...(impersonation.uid === null ? [] : [['Impersonate-Uid', impersonation.uid] as const]),
    ...impersonation.groups.map((group) => ['Impersonate-Group', group] as const),
    ...impersonation.extra.flatMap(([key, values]) =>
      values.map((value) => [`Impersonate-Extra-${escapeHeaderKey(key)}`, value] as const),
    ),
  ];
}
