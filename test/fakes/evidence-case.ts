import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCaseStore } from '../../src/evidence/case-store.js';
import type { CaseStore, OpenCase } from '../../src/evidence/case-store.js';
import type { ExhibitSpool, Opening } from '../../src/evidence/exhibit-spool.js';
import { ed25519Blob, fingerprintOf, renderPublicKey } from '../../src/evidence/ssh-public-key.js';
import { signSshsig } from '../../src/evidence/sshsig.js';
import { systemClock, systemIds, toRfc3339 } from '../../src/lib/clock.js';
import type { OutcomeRecord } from '../../src/model/outcome.js';
import type { ItemDraft, ItemFacts } from '../../src/ports/evidence-sink.js';
import type { Io } from '../../src/ports/io.js';
import type { Signer } from '../../src/ports/signer.js';

export const quietIo: Io = { emit: () => undefined, progress: () => undefined };

/** A signer with an ed25519 key in memory, a fresh one unless given. */
export function memorySigner(privateKey: KeyObject = generateKeyPairSync('ed25519').privateKey): Signer {
  const blob = ed25519Blob(privateKey);
  return {
    fingerprint: fingerprintOf(blob),
    publicKey: renderPublicKey({ type: 'ssh-ed25519', blob }),
    sign: async (message, namespace) => signSshsig(privateKey, message, namespace),
  };
}

export const SBOM = Buffer.from('{"bomFormat":"CycloneDX","specVersion":"1.6","version":1}\n');

export const NEW_CASE = {
  reference: 'REF-1',
  reason: 'a test',
  authority: 'not stated',
  operator: 'tester',
  hold: null,
} as const;

/** A store in a fresh temporary folder, which is gone when the test file has ended. */
export function temporaryStore(
  options: { readonly partBytes?: number; readonly home?: string; readonly io?: Io } = {},
): { store: CaseStore; home: string } {
  const home = options.home ?? mkdtempSync(join(tmpdir(), 'exhibit-case-'));
  const { partBytes } = options;
  const store = openCaseStore({
    casesDirectory: join(home, 'cases'),
    clock: systemClock,
    ids: systemIds,
    io: options.io ?? quietIo,
    ...(partBytes === undefined ? {} : { partBytes }),
  });
  return { store, home };
}

export async function newExhibit(store: CaseStore): Promise<{ openCase: OpenCase; exhibit: ExhibitSpool }> {
  const file = await store.create(NEW_CASE);
  const openCase = await store.open(file.caseId);
  return { openCase, exhibit: await openCase.openExhibit({ kind: 'drill' }) };
}

export const OPENING: Opening = {
  scope: {
    all: true,
    nodes: [],
    pods: [],
    namespaces: [],
    kubelet: false,
    profile: 'default',
    clusterUid: null,
    apiServer: 'https://127.0.0.1:6443',
  },
  authority: 'not stated',
  operator: { apiIdentity: null, cloudIdentity: null, osUser: 'tester', host: 'testhost' },
  tool: {
    name: 'exhibit',
    version: '0.0.0',
    commit: 'unknown',
    programDigest: '0'.repeat(64),
    programFiles: 1,
    nodeVersion: process.version,
    platform: 'linux-x64',
  },
  connection: null,
  profileText: 'collectors: []\n',
  configText: 'policy: {}\n',
};

export function planOf(
  artifact: string,
  required = true,
): { artifact: string; collector: string; required: boolean; source: string; plannedAt: string } {
  return {
    artifact,
    collector: 'logs',
    required,
    source: `/api/v1/${artifact}`,
    plannedAt: toRfc3339(systemClock.nowMs()),
  };
}

export function draftOf(artifact: string, path: string): ItemDraft {
  return { path, artifact, collector: 'logs', vantage: 'api', sensitivity: 'normal' };
}

export function factsOf(artifact: string): ItemFacts {
  const at = toRfc3339(systemClock.nowMs());
  return {
    subject: { podUid: '7f1f2b52-6f5e-4b8e-9c53-0f4f3b1f3a10' },
    source: { uri: `/api/v1/${artifact}`, method: 'GET', auditId: '6ed2a5b7-90f9-4a7e-8d8b-111111111111', status: 200 },
    outcome: 'collected',
    sourceChanged: false,
    firstByteAt: at,
    lastByteAt: at,
  };
}

export function outcomeOf(
  artifact: string,
  outcome: OutcomeRecord['outcome'] = 'collected',
  required = true,
): OutcomeRecord {
  return {
    artifact,
    collector: 'logs',
    required,
    outcome,
    reason: outcome === 'collected' ? '' : 'test',
    detail: '',
    proof: { status: 200 },
    attempts: 1,
    at: toRfc3339(systemClock.nowMs()),
  };
}

/** Plans, writes and ends one artifact with one payload file. */
export async function collectOne(exhibit: ExhibitSpool, name: string, bytes: Uint8Array): Promise<void> {
  const artifact = `logs/${name}`;
  await exhibit.plan(planOf(artifact));
  const writer = await exhibit.sink.open(draftOf(artifact, `data/pods/${name}/current.log`));
  await writer.write(bytes);
  await writer.commit(factsOf(artifact));
  await exhibit.outcome(outcomeOf(artifact));
}
