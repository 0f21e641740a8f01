import { parseInstant } from '../clock.js';
import { textOf } from '../bytes.js';
import { type Der, TAG } from './der.js';
import { TokenProblem } from './token-problem.js';

const FORM = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d{0,19}[1-9]))?Z$/;

/** With four digits of the year; a short one is of 1950 to 2049. */
function longForm({ tag, content }: Der): string {
  const text = textOf(content);
  if (tag !== TAG.utcTime) return text;
  return text.length === 13 ? `${text < '50' ? '20' : '19'}${text}` : '';
}

/** UTCTime or GeneralizedTime in the form that RFC 5280 and 3161 demand, to epoch milliseconds; what is finer is cut off. */
export function readTime(element: Der): number {
  const parts = FORM.exec(longForm(element));
  if (parts !== null) {
    const [year, month, day, hour, minute, second] = parts.slice(1);
    const millis = (parts[7] ?? '').padEnd(3, '0').slice(0, 3);
    const text = [year, month, day].join('-') + `T${[hour, minute, second].join(':')}.${millis}Z`;
    const atMs = parseInstant(text);
    if (atMs !== null) return atMs;
  }
  throw new TokenProblem('a time that is none');
}
