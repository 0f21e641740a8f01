import { describe, expect, it } from 'vitest';
import { handoverFacts, HOSTILE_TEXT, hostileFacts, STATEMENT } from '../../../test/fakes/handover-facts.js';
import { renderCaseGraph } from './case-graph.js';
import { graphId } from './graph-ids.js';
import { visibleText } from './visible-text.js';

const ID = /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

interface Graph {
  readonly '@context': Readonly<Record<string, string>>;
  readonly '@graph': readonly Readonly<Record<string, unknown>>[];
}

const graphOf = (text: string): Graph => JSON.parse(text) as Graph;

/** Every `{"@id": ...}` that stands for another node. */
function references(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(references);
  if (value === null || typeof value !== 'object') return [];
  const entries = Object.entries(value);
  if (entries.length === 1 && entries[0]?.[0] === '@id') return [String(entries[0][1])];
  return entries.flatMap(([, member]) => references(member));
}

describe('case.jsonld', () => {
  it.each([
    ['plain', handoverFacts({ privilege: 'P', caseWords: { reference: 'INC-1', reason: 'why' } })],
    ['hostile', hostileFacts()],
    ['bare', handoverFacts({ statement: { ...STATEMENT, authority: 'not stated', scope: null }, receipt: null })],
  ])('%s: names each node once, and every reference leads to one', (_name, facts) => {
    const nodes = graphOf(renderCaseGraph(facts))['@graph'];
    const ids = nodes.map((node) => String(node['@id']));
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(ID);
    expect(nodes.flatMap(references).filter((id) => !ids.includes(id))).toEqual([]);
  });

  it('uses no prefix that its context does not define', () => {
    const { '@context': context, '@graph': nodes } = graphOf(renderCaseGraph(handoverFacts({ privilege: 'P' })));
    const names = nodes
      .flatMap((node) => [...Object.keys(node), String(node['@type'])])
      .filter((name) => !name.startsWith('@'));
    expect(names.filter((name) => !Object.hasOwn(context, name.split(':')[0] ?? ''))).toEqual([]);
  });

  it('is ASCII on one line, and what a program reads out of it is visible text, hostile text included', () => {
    const text = renderCaseGraph(hostileFacts());
    expect(text).toMatch(/^[\x20-\x7e]+\n$/);
    const strings: string[] = [];
    JSON.parse(text, (_key, value: unknown) => (typeof value === 'string' ? strings.push(value) : value));
    expect(strings.some((one) => one.includes(visibleText(HOSTILE_TEXT)))).toBe(true);
    expect(strings.filter((one) => /[\p{Cc}\p{Cf}]/u.test(one))).toEqual([]);
  });

  it('names the same archive the same way in every package, and another one otherwise', () => {
    const first = graphOf(renderCaseGraph(handoverFacts()))['@graph'][0]?.['@id'];
    const later = graphOf(renderCaseGraph(handoverFacts({ preparedAt: '2027-01-01T00:00:00.000Z' })))['@graph'][0]?.[
      '@id'
    ];
    expect(first).toBe(later);
    expect(graphId('a'.repeat(64), 1)).not.toBe(graphId('b'.repeat(64), 1));
    expect(graphId('a'.repeat(64), 1)).not.toBe(graphId('a'.repeat(64), 2));
  });

  it('ties the exhibit number, the digest, the order and the transfer together', () => {
    const nodes = graphOf(renderCaseGraph(handoverFacts()))['@graph'];
    const ofType = (type: string) => nodes.filter((node) => node['@type'] === type);
    expect(ofType('investigation:ProvenanceRecord')).toMatchObject([
      { 'investigation:exhibitNumber': STATEMENT.exhibitId },
    ]);
    expect(ofType('types:Hash')).toMatchObject([{ 'types:hashMethod': 'SHA256' }]);
    expect(ofType('investigation:Authorization')).toMatchObject([{ 'core:name': 'Judge A. Roe' }]);
    expect(ofType('investigation:InvestigativeAction').map((node) => node['core:name'])).toEqual([
      'collection and seal',
      'verification',
      'custody: transfer-out',
    ]);
  });
});
