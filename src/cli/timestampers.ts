import { Flags } from '@oclif/core';
import { ExhibitError } from '../model/errors.js';
import type { Timestamper } from '../ports/timestamper.js';
import type { Context } from './context.js';
import { variableOf } from './environment.js';
import { resolveSetting } from './settings.js';

const MAX_AUTHORITIES = 9;

/** For commands that have something stamped. */
export const tsaFlags = {
  tsa: Flags.string({
    helpValue: 'URL',
    multiple: true,
    multipleNonGreedy: true,
    summary:
      'Time-stamping authority (RFC 3161) that is sent a SHA-256; repeatable (EXHIBIT_TSA, separated by spaces).',
  }),
};

function checkedUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw new ExhibitError('USAGE_INVALID', 'a time-stamping authority is named by an http or https URL', {
      subject: text,
      hints: ['exhibit seal --tsa https://tsa.example/tsr'],
    });
  if (url.username !== '' || url.password !== '')
    throw new ExhibitError('USAGE_SECRET_IN_ARGV', 'a URL of --tsa must not hold a user or a password', {
      subject: url.origin,
    });
  url.hash = '';
  return url.href;
}

/** None = none is asked. */
function urlsGiven({ environment, config }: Context, flag: readonly string[] | undefined): readonly string[] {
  return resolveSetting<readonly string[]>({
    flag,
    environment: variableOf(environment, 'EXHIBIT_TSA')
      ?.split(/\s+/)
      .filter((url) => url !== ''),
    config: config.tsa,
    default: [],
  }).value;
}

/** --tsa, EXHIBIT_TSA or the configuration, in their order; none = no authority is asked. Throws `USAGE_INVALID`. */
export async function timestampersOf(context: Context, flag: readonly string[] | undefined): Promise<Timestamper[]> {
  const urls = urlsGiven(context, flag).map(checkedUrl);
  const unique = [...new Set(urls)];
  if (unique.length > MAX_AUTHORITIES)
    throw new ExhibitError('USAGE_INVALID', `at most ${String(MAX_AUTHORITIES)} time-stamping authorities are asked`);
  const timestampers: Timestamper[] = [];
  for (const url of unique) timestampers.push(await context.timestamper(url));
  return timestampers;
}
