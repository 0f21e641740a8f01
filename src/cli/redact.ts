const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, '[private key]'],
  [/\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,2}/g, '[token]'],
  [/\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}/gi, '$1 [credential]'],
  [/\b(token|password|passwd|secret)(["']?\s*[:=]\s*["']?)[^\s"',;&]{4,}/gi, '$1$2[credential]'],
  [/([a-z][a-z0-9+.-]*:\/\/)[^/@\s]+@/gi, '$1[credential]@'],
];

/** Text of errors that are not ours (a library's, the runtime's) without what looks like a credential. Best effort: the last net, not the first. */
export function redactCredentials(text: string): string {
  return PATTERNS.reduce((current, [pattern, replacement]) => current.replace(pattern, replacement), text);
}
