import { ExhibitError } from '../model/errors.js';

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const UNIT_BYTES: Readonly<Record<string, number>> = {
  '': 1,
  'k': 1e3,
  'M': 1e6,
  'G': 1e9,
  'T': 1e12,
  'Ki': 2 ** 10,
  'Mi': 2 ** 20,
  'Gi': 2 ** 30,
  'Ti': 2 ** 40,
};

/** `90s`, `15m`, `1h30m`, `2d` to milliseconds. Throws `USAGE_INVALID`. */
export function parseDurationMs(text: string): number {
  const parts = [...text.matchAll(/(\d{1,9})(ms|s|m|h|d)/g)];
  const whole = parts.map((part) => part[0]).join('');
  if (text === '' || whole !== text) {
    throw new ExhibitError('USAGE_INVALID', 'This is not a duration.', {
      subject: text,
      hints: ['Write 90s, 15m, 1h30m or 2d.'],
    });
  }
  const total = parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNIT_MS[unit ?? ''] ?? 0), 0);
  if (!Number.isSafeInteger(total))
    throw new ExhibitError('USAGE_INVALID', 'The duration is too long.', { subject: text });
  return total;
}

/** `500`, `64k`, `10Mi`, `2G` to bytes. Throws `USAGE_INVALID`. */
export function parseBytes(text: string): number {
  const match = /^(\d{1,12})(k|M|G|T|Ki|Mi|Gi|Ti)?$/.exec(text);
  const total = match === null ? NaN : Number(match[1]) * (UNIT_BYTES[match[2] ?? ''] ?? 0);
  if (Number.isSafeInteger(total)) return total;
  throw new ExhibitError('USAGE_INVALID', 'This is not a number of bytes.', {
    subject: text,
    hints: ['Write 500, 64k, 10Mi or 2G.'],
  });
}

/** Four significant places at most: `0 B`, `1,023 B` as `1023 B`, `1.5 MiB`. */
export function renderBytes(sizeBytes: number): string {
  let value = sizeBytes;
  for (const unit of ['B', 'KiB', 'MiB', 'GiB']) {
    if (value < 1024) return `${unit === 'B' || value >= 100 ? String(Math.floor(value)) : value.toFixed(1)} ${unit}`;
    value /= 1024;
  }
  return `${value.toFixed(1)} TiB`;
}

/** An estimate, in no finer steps than it deserves: `1 s`, `42 s`, `4 m`, `2 h 07 m`. */
export function renderAbout(durationMs: number): string {
  const seconds = Math.max(1, Math.round(durationMs / 1000));
  if (seconds < 60) return `${String(seconds)} s`;
  return seconds < 3600 ? `${String(Math.round(seconds / 60))} m` : renderDuration(seconds * 1000);
}

/** `850 ms`, `12.3 s`, `4 m 05 s`, `2 h 07 m`. */
export function renderDuration(durationMs: number): string {
  if (durationMs < 1000) return `${String(Math.round(durationMs))} ms`;
  if (durationMs < 60_000) return `${(durationMs / 1000).toFixed(1)} s`;
  const seconds = Math.round(durationMs / 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  if (seconds < 3600) return `${String(Math.floor(seconds / 60))} m ${two(seconds % 60)} s`;
  return `${String(Math.floor(seconds / 3600))} h ${two(Math.floor((seconds % 3600) / 60))} m`;
}
