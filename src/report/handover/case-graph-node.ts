import { parseInstant, toRfc3339 } from '../../lib/clock.js';
import { visibleText } from './visible-text.js';

/** A node of a JSON-LD graph. */
export type GraphNode = Readonly<Record<string, unknown>> & { readonly '@id': string; readonly '@type': string };

const MAX_LABEL = 4000;

/** Untrusted text as a literal of the graph: programs that import it show it somewhere. */
export function label(text: string): string {
  return visibleText(text, MAX_LABEL);
}

export function reference(id: string): { readonly '@id': string } {
  return { '@id': id };
}

/** A time under a property; nothing for a text that is no time. */
export function graphTime(property: string, at: string): Readonly<Record<string, unknown>> {
  const ms = parseInstant(at);
  return ms === null ? {} : { [property]: { '@type': 'xsd:dateTime', '@value': toRfc3339(ms) } };
}

export interface GraphAction {
  readonly name: string;
  readonly description: string;
  readonly startAt: string;
  readonly endAt: string;
  /** Ids of other nodes. */
  readonly performer: string;
  readonly instrument?: string;
  readonly participants?: readonly string[];
  readonly objects?: readonly string[];
  readonly results?: readonly string[];
  readonly informedBy?: string;
}

/** An `investigation:InvestigativeAction`. */
export function actionNode(id: string, action: GraphAction): GraphNode {
  const { participants = [], objects = [], results = [] } = action;
  const list = (property: string, ids: readonly string[]): Readonly<Record<string, unknown>> =>
    ids.length === 0 ? {} : { [property]: ids.map(reference) };
  return {
    '@id': id,
    '@type': 'investigation:InvestigativeAction',
    'core:name': label(action.name),
    'core:description': label(action.description),
    ...graphTime('action:startTime', action.startAt),
    ...graphTime('action:endTime', action.endAt),
    'action:performer': reference(action.performer),
    ...(action.instrument === undefined ? {} : { 'action:instrument': reference(action.instrument) }),
    ...list('action:participant', participants),
    ...list('action:object', objects),
    ...list('action:result', results),
    ...(action.informedBy === undefined ? {} : { 'investigation:wasInformedBy': reference(action.informedBy) }),
  };
}
