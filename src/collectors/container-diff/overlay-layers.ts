import { unescapeOctal, type MountInfo } from '../../lib/mount-info.js';

/** The folders of an overlay mount as whoever mounted it named them: bytes as Latin-1, perhaps relative to its working folder then. */
export interface OverlayLayers {
  /** `null` = read-only, without a writable layer. */
  readonly upper: string | null;
  readonly work: string | null;
  /** The uppermost first, data-only ones last. */
  readonly lowers: readonly string[];
  /** How many of the last lowers hold only data that others point to. */
  readonly dataOnly: number;
  /** Marks are in user.overlay.* instead of trusted.overlay.*; `null` = not known. */
  readonly userXattr: boolean | null;
}

/** At colons without a backslash before them; two of them begin the data-only layers. */
function splitLowers(text: string): { lowers: string[]; dataOnly: number } {
  const parts: string[] = [''];
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '\\' && at + 1 < text.length) {
      at += 1;
      parts.push((parts.pop() ?? '') + text.charAt(at));
    } else if (character === ':') parts.push('');
    else parts.push((parts.pop() ?? '') + character);
  }
  const firstData = parts.indexOf('');
  const lowers = parts.filter((part) => part !== '');
  return { lowers, dataOnly: firstData === -1 ? 0 : lowers.length - firstData };
}

/** The value of an option, escapes of mountinfo undone; `null` = not given. */
function valueOf(options: readonly string[], name: string): string | null {
  const found = options.find((option) => option.startsWith(`${name}=`));
  return found === undefined ? null : unescapeOctal(found.slice(name.length + 1));
}

/** Upper and lower folders of an overlay mount; `null` when it is none, or names no layer. */
export function overlayLayersOf(mount: MountInfo): OverlayLayers | null {
  if (mount.fsType !== 'overlay') return null;
  const options = mount.superOptions;
  const each = (name: string): string[] =>
    options
      .filter((option) => option.startsWith(`${name}=`))
      .map((option) => unescapeOctal(option.slice(name.length + 1)));
  const joined = splitLowers(valueOf(options, 'lowerdir') ?? '');
  const data = each('datadir+');
  // Layers that were added one by one are shown so since Linux 6.8, and their colons are not escaped.
  const lowers = [...joined.lowers, ...each('lowerdir+'), ...data];
  if (lowers.length === 0) return null;
  return {
    upper: valueOf(options, 'upperdir'),
    work: valueOf(options, 'workdir'),
    lowers,
    dataOnly: joined.dataOnly + data.length,
    userXattr: options.includes('userxattr'),
  };
}
