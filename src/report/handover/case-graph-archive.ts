import { type GraphNode, label, reference } from './case-graph-node.js';
import type { HandoverFacts } from './handover-facts.js';
import { signerLine } from './exhibit-words.js';

export interface ArchiveIds {
  readonly archiveId: string;
  /** Ids of the nodes that describe the archive. */
  readonly partId: (part: number) => string;
  readonly markingId: string | null;
  readonly isSignatureGood: boolean;
}

function hashNode(id: string, sha256: string): GraphNode {
  return {
    '@id': id,
    '@type': 'types:Hash',
    'types:hashMethod': 'SHA256',
    'types:hashValue': { '@type': 'xsd:hexBinary', '@value': sha256 },
  };
}

/** The archive as a file with its size, digest and signature. */
export function archiveNodes(facts: HandoverFacts, ids: ArchiveIds): GraphNode[] {
  const { archive, report, trustSource } = facts;
  const { archiveId, partId, markingId } = ids;
  const [file, content, hash, signature] = [partId(0), partId(1), partId(2), partId(3)];
  return [
    {
      '@id': archiveId,
      '@type': 'observable:File',
      ...(markingId === null ? {} : { 'core:objectMarking': reference(markingId) }),
      'core:hasFacet': [file, content, signature].map(reference),
    },
    {
      '@id': file,
      '@type': 'observable:FileFacet',
      'observable:fileName': archive.path.slice(archive.path.lastIndexOf('/') + 1),
      'observable:filePath': archive.path,
      'observable:isDirectory': false,
      'observable:sizeInBytes': archive.sizeBytes,
    },
    {
      '@id': content,
      '@type': 'observable:ContentDataFacet',
      'observable:hash': reference(hash),
      'observable:isEncrypted': archive.isEncrypted,
      'observable:mimeType': archive.isEncrypted ? 'application/octet-stream' : 'application/gzip',
      'observable:sizeInBytes': archive.sizeBytes,
    },
    hashNode(hash, archive.sha256),
    {
      '@id': signature,
      '@type': 'observable:DigitalSignatureInfoFacet',
      'observable:signatureExists': report.signer !== null,
      'observable:signatureVerified': ids.isSignatureGood,
      'observable:signatureDescription': label(signerLine(report, trustSource)),
    },
  ];
}
