import { isWritten, type DriftRule } from '../drift-rule.js';

const PLACES: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/^\/var\/(?:cache\/apt\/archives|lib\/apt\/lists)\/.|^\/var\/lib\/dpkg\/(?:status|info\/)/, 'apt or dpkg'],
  [/^\/lib\/apk\/db\/|^\/var\/cache\/apk\/.|^\/etc\/apk\/world$/, 'apk'],
  [/^\/var\/(?:lib\/rpm|cache\/(?:yum|dnf))\/.|^\/usr\/lib\/sysimage\/rpm\//, 'rpm, yum or dnf'],
  [/\/(?:site|dist)-packages\/[^/]+\.dist-info\/|\/\.cache\/pip\//, 'pip'],
  [/\/\.npm\/_cacache\/|\/node_modules\/\.package-lock\.json$/, 'npm'],
  [/\/\.gem\/|\/gems\/[^/]+\/|\/\.cargo\/registry\/|\/go\/pkg\/mod\//, 'gem, cargo or go'],
];

export const packageManager: DriftRule = {
  driftClass: 'X7',
  title: 'A package manager ran in an image that does not change',
  judge: ({ entry, path }) => {
    if (!isWritten(entry) || entry.type !== 'file') return null;
    const found = PLACES.find(([pattern]) => pattern.test(path));
    return found === undefined ? null : { rule: 'package-manager', severity: 'medium', why: `${found[1]} wrote here.` };
  },
};
