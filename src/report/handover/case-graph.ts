import { asciiJson } from '../../lib/ascii-json.js';
import { parseInstant, toRfc3339 } from '../../lib/clock.js';
import { NOT_STATED } from '../../model/case.js';
import { custodyNodes } from './case-graph-custody.js';
import { actionNode, graphTime, type GraphNode, label, reference } from './case-graph-node.js';
import { archiveNodes } from './case-graph-archive.js';
import { apiIdentityLine, kindWarning, outcomesLine, scopeLine } from './exhibit-words.js';
import { graphId } from './graph-ids.js';
import type { HandoverFacts } from './handover-facts.js';
import { isGoodVerdict } from './verdict-words.js';

const UCO = 'https://ontology.unifiedcyberontology.org/uco';

const CONTEXT = {
  action: `${UCO}/action/`,
  core: `${UCO}/core/`,
  identity: `${UCO}/identity/`,
  marking: `${UCO}/marking/`,
  observable: `${UCO}/observable/`,
  tool: `${UCO}/tool/`,
  types: `${UCO}/types/`,
  investigation: 'https://ontology.caseontology.org/case/investigation/',
  xsd: 'http://www.w3.org/2001/XMLSchema#',
};

/** Numbers of the nodes that every graph has. */
const NODE = {
  investigation: 1,
  authorization: 2,
  collector: 3,
  tool: 4,
  collection: 5,
  provenance: 6,
  verification: 7,
  checker: 8,
  checkTool: 9,
  marking: 10,
  markingText: 11,
  archive: 16,
} as const;

type IdOf = (name: keyof typeof NODE) => string;

function authorizationNode({ statement }: HandoverFacts, id: IdOf): GraphNode[] {
  const { authority } = statement;
  if (authority === NOT_STATED) return [];
  return [
    {
      '@id': id('authorization'),
      '@type': 'investigation:Authorization',
      'core:name': label(authority.by),
      'investigation:authorizationType': 'order or mandate, as recorded by the collecting program',
      'investigation:authorizationIdentifier': label(authority.ground),
      ...graphTime('core:startTime', authority.at),
      ...graphTime('core:endTime', authority.limits.notAfter ?? ''),
    },
  ];
}

function markingNodes({ privilege }: HandoverFacts, id: IdOf): GraphNode[] {
  if (privilege === null) return [];
  return [
    {
      '@id': id('marking'),
      '@type': 'marking:MarkingDefinition',
      'marking:definitionType': 'statement',
      'marking:definition': reference(id('markingText')),
    },
    {
      '@id': id('markingText'),
      '@type': 'marking:StatementMarking',
      'marking:definitionType': 'statement',
      'marking:statement': label(privilege),
    },
  ];
}

function investigationNode(facts: HandoverFacts, id: IdOf, objects: readonly string[]): GraphNode {
  const { statement, caseWords, privilege } = facts;
  return {
    '@id': id('investigation'),
    '@type': 'investigation:Investigation',
    'core:name': caseWords === null ? statement.caseId : label(`${statement.caseId} (${caseWords.reference})`),
    ...(statement.kind === 'incident' ? { 'investigation:investigationForm': 'incident' } : {}),
    ...(caseWords === null ? {} : { 'investigation:focus': label(caseWords.reason) }),
    'core:description': kindWarning(statement) ?? 'Collection of records from a Kubernetes cluster.',
    ...(statement.authority === NOT_STATED
      ? {}
      : { 'investigation:relevantAuthorization': reference(id('authorization')) }),
    ...(privilege === null ? {} : { 'core:objectMarking': reference(id('marking')) }),
    'core:object': objects.map(reference),
  };
}

function toolNode(id: string, tool: HandoverFacts['tool']): GraphNode {
  return {
    '@id': id,
    '@type': 'tool:Tool',
    'core:name': 'exhibit',
    'core:description': label(
      `commit ${tool.commit}, program SHA-256 ${tool.programDigest}, Node.js ${tool.nodeVersion}`,
    ),
    'tool:toolType': 'forensic evidence collector',
    'tool:version': label(tool.version),
  };
}

function collectionNodes(facts: HandoverFacts, id: IdOf): GraphNode[] {
  const { statement, acquisition, gapsTotal } = facts;
  const { osUser, host } = statement.operator;
  return [
    {
      '@id': id('collector'),
      '@type': 'identity:Identity',
      'core:name': label(`${osUser}@${host}`),
      'core:description': label(`known to the cluster as ${apiIdentityLine(statement)}`),
    },
    toolNode(id('tool'), statement.tool),
    actionNode(id('collection'), {
      name: 'collection and seal',
      description: `Asked for: ${scopeLine(statement)}. Outcomes: ${outcomesLine(statement)}; ${String(gapsTotal)} gaps.`,
      startAt: acquisition.lines[0]?.at ?? '',
      endAt: statement.createdAt,
      performer: id('collector'),
      instrument: id('tool'),
      results: [id('archive'), id('provenance')],
    }),
    {
      '@id': id('provenance'),
      '@type': 'investigation:ProvenanceRecord',
      'core:name': statement.exhibitId,
      'core:description': label(
        `completeness: ${statement.completeness}; sequence ${String(statement.sequence)} of the case`,
      ),
      'investigation:exhibitNumber': statement.exhibitId,
      'core:object': [reference(id('archive'))],
    },
  ];
}

function verificationNodes(facts: HandoverFacts, id: IdOf): GraphNode[] {
  const { report, preparedAt, preparedBy, tool } = facts;
  return [
    { '@id': id('checker'), '@type': 'identity:Identity', 'core:name': label(preparedBy) },
    toolNode(id('checkTool'), tool),
    actionNode(id('verification'), {
      name: 'verification',
      description: report.line,
      startAt: preparedAt,
      endAt: preparedAt,
      performer: id('checker'),
      instrument: id('checkTool'),
      objects: [id('archive')],
      informedBy: id('collection'),
    }),
  ];
}

/**
 * case.jsonld: the facts of the package as a graph of the CASE ontology 1.4.0 (UCO 1.4.0), ASCII on one line. It names no node of its own
 * making twice, and the same archive, key and event have the same names in every package.
 */
export function renderCaseGraph(facts: HandoverFacts): string {
  const seed = facts.report.tagmanifestSha256 ?? facts.archive.sha256;
  const id: IdOf = (name) => graphId(seed, NODE[name]);
  const preparedAt = toRfc3339(parseInstant(facts.preparedAt) ?? 0);
  const archive = archiveNodes(facts, {
    archiveId: id('archive'),
    partId: (part) => graphId(seed, NODE.archive + 1 + part),
    markingId: facts.privilege === null ? null : id('marking'),
    isSignatureGood: isGoodVerdict(facts.report.verdict),
  });
  const custody = custodyNodes(facts, { archiveId: id('archive'), firstInformedBy: id('collection') });
  const objects = [id('collection'), id('provenance'), id('verification'), ...custody.actionIds];
  return `${asciiJson({
    '@context': CONTEXT,
    '@graph': [
      investigationNode(facts, id, objects),
      ...authorizationNode(facts, id),
      ...markingNodes(facts, id),
      ...collectionNodes(facts, id),
      ...archive,
      ...verificationNodes({ ...facts, preparedAt }, id),
      ...custody.nodes,
    ],
  })}\n`;
}
