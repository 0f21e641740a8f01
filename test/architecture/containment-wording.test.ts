import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import QuarantineNode from '../../src/commands/quarantine/node.js';
import QuarantinePod from '../../src/commands/quarantine/pod.js';

/** What nobody knows who does not probe. */
const PROMISES = /isolated\b|reach(es)? nobody|takes the network|denies (it|them)|cuts? off|no traffic/i;

const TEXTS: readonly (readonly [string, string])[] = [
  ['the summary of quarantine node', QuarantineNode.summary],
  ['the summary of quarantine pod', QuarantinePod.summary],
  ['the description of quarantine node', QuarantineNode.description],
  ['the description of quarantine pod', QuarantinePod.description],
  ['docs/containment.md', readFileSync(resolve(import.meta.dirname, '../../docs/containment.md'), 'utf8')],
];

describe.each(TEXTS)('%s', (_, text) => {
  it('promises no isolation', () => {
    expect(text).not.toMatch(PROMISES);
  });
});

it.each(TEXTS.slice(0, 2))('%s says that it is not shown', (_, text) => {
  expect(text).toContain('not shown to hold');
});
