import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { custodyFormOf } from '../../src/evidence/post-seal/custody-form.js';
import type { CustodyForm } from '../../src/model/custody-form.js';
import type { CustodyRecord, CustodyVerdict } from '../../src/model/post-seal-custody.js';
import { CHECKS, type VerifyReport } from '../../src/model/verdict.js';
import type { Statement } from '../../src/model/exhibit.js';
import type { HandoverFacts } from '../../src/report/handover/handover-facts.js';

const AT = '2026-03-04T05:06:07.890Z';
const SIGNER = 'SHA256:z/fSv0Z0RZS+Lccbc6ZoOWwt/fbj1VFJGSBKQbo4icE';
const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

const TEMPLATES = resolve(import.meta.dirname, '../../templates/legal');

/** A shipped legal template. */
export function legalTemplate(name: string): string {
  return readFileSync(join(TEMPLATES, name), 'utf8');
}

/** What an attacker would like to have executed, by whoever opens a document. */
export const HOSTILE_TEXT =
  '=HYPERLINK("http://evil.test","x")<script>alert(1)</script><img src=x onerror=alert(2)>"\'&\u001b[31m\u202egnp.exe\u0000\r\n=1+1\t\u200b\\end {{exhibitId}}';

const TOOL = {
  name: 'exhibit',
  version: '0.2.0',
  commit: 'abcdef0',
  programDigest: digest('program'),
  programFiles: 3,
  nodeVersion: 'v20.20.2',
  platform: 'linux-x64',
} as const;

export const STATEMENT: Statement = {
  format: 'exhibit/1',
  policy: { requireTimestamp: false, requireSigners: 1 },
  exhibitId: 'k7m2p9aaaa-x0001',
  caseId: 'k7m2p9aaaa',
  sequence: 1,
  previous: null,
  openedNotSealed: [],
  kind: 'incident',
  createdAt: '2026-01-02T03:04:05.678Z',
  scope: {
    all: false,
    nodes: ['worker-3'],
    pods: [],
    namespaces: ['shop'],
    kubelet: true,
    profile: 'triage',
    clusterUid: 'c0ffee00-0000-4000-8000-000000000001',
    apiServer: 'https://10.0.0.1:6443',
  },
  authority: {
    by: 'Judge A. Roe',
    at: '2026-01-01T00:00:00Z',
    ground: '4 Gs 17/26',
    limits: { namespaces: ['shop'], notAfter: '2026-12-31T23:00:00Z' },
  },
  operator: {
    apiIdentity: { username: 'system:serviceaccount:forensics:collector', uid: 'u1', groups: [], extra: {} },
    cloudIdentity: null,
    osUser: 'responder',
    host: 'jump-1',
  },
  tool: TOOL,
  payloadFiles: 144,
  payloadBytes: 12_345_678,
  outcomeCounts: { collected: 140, partial: 2, empty: 1, absent: 2, denied: 1, failed: 0, skipped: 0 },
  custodyEntries: 160,
  custodyHeadSha256: digest('head'),
  completeness: 'partial',
  holdId: 'HOLD-7',
  classification: 'TLP:AMBER',
};

const REPORT: VerifyReport = {
  archive: '/cases/k7m2p9aaaa-x0001.tar.gz',
  verdict: 'VERIFIED_PARTIAL',
  exitCode: 0,
  checks: CHECKS.map((check) => ({
    check,
    result: check === 'time' ? 'skipped' : 'passed',
    detail: check === 'time' ? 'no time-stamp token' : 'as it must be',
  })),
  findings: [],
  findingsTotal: 0,
  containerSha256: digest('container'),
  tagmanifestSha256: digest('tagmanifest'),
  kind: 'incident',
  completeness: 'partial',
  gaps: 3,
  timestamps: [],
  alarms: [],
  statement: STATEMENT,
  signer: { fingerprint: SIGNER, principal: 'responder@example.org' },
  line: 'VERIFIED_PARTIAL: incident, partial (3 gaps in the ledger); not checked: time (no time-stamp token), snapshots outside the archive.',
};

export const TRANSFER: CustodyRecord = {
  format: 'exhibit-custody/1',
  seq: 1,
  prev: '0'.repeat(64),
  at: AT,
  monoUs: 1,
  bootId: 'boot',
  exhibitId: STATEMENT.exhibitId,
  tagmanifestSha256: digest('tagmanifest'),
  containerSha256: digest('container'),
  encryptedSha256: null,
  event: 'transfer-out',
  answers: null,
  signer: SIGNER,
  from: 'R. Esponder, Security',
  to: 'Doe & M\u00fcller LLP, attn. J. Doe',
  location: 'Office 3, safe 2',
  purpose: 'legal review',
  authority: 'General Counsel',
  remarks: 'on one USB medium, sealed bag 4711',
  verified: { verdict: 'VERIFIED_PARTIAL', reportSha256: digest('report') },
  data: {},
};

const RECEIPT = JSON.stringify({
  exhibitId: STATEMENT.exhibitId,
  sequence: 1,
  kind: 'incident',
  tagmanifestSha256: digest('tagmanifest'),
  custodyHeadSha256: digest('head'),
  custodyEntries: 160,
  payloadFiles: 144,
  payloadBytes: 12_345_678,
  containerSha256: digest('container'),
  signer: SIGNER,
});

/** A form as it is made of events that were read; `remark` is what is wrong with the record. */
function formOf(records: readonly CustodyRecord[], verdict: CustodyVerdict, remark?: string): CustodyForm {
  const { exhibitId } = STATEMENT;
  return custodyFormOf({
    exhibit: { exhibitId, tagmanifestSha256: digest('tagmanifest'), containerSha256: digest('container') },
    statement: STATEMENT,
    sealedBy: SIGNER,
    reading: {
      verdict,
      findings:
        remark === undefined ? [] : [{ kind: 'broken', seq: 1, file: '0001-transfer-out.json', detail: remark }],
    },
    events: records.map((record) => ({
      record,
      name: '0001-transfer-out.json',
      path: '/cases/0001-transfer-out.json',
      sizeBytes: 1,
      sha256: digest('event'),
      signature: { fingerprint: SIGNER, trust: { principal: 'responder@example.org' } },
      isSound: true,
    })),
  });
}

/** Facts of a partial incident with one transfer; nothing in them comes from a clock or a disk. */
export function handoverFacts(changes: Partial<HandoverFacts> = {}): HandoverFacts {
  return {
    preparedAt: AT,
    preparedBy: 'custodian@vault-2',
    tool: { ...TOOL, version: '0.3.0' },
    recipient: 'Doe & M\u00fcller LLP',
    purpose: 'legal review',
    privilege: null,
    caseWords: null,
    archive: {
      path: 'evidence/k7m2p9aaaa-x0001.tar.gz',
      sha256: digest('container'),
      sizeBytes: 4_567_890,
      isEncrypted: false,
      secretItems: 0,
    },
    receipt: { path: 'evidence/k7m2p9aaaa-x0001.receipt.json', text: RECEIPT, wasGiven: true },
    report: REPORT,
    statement: STATEMENT,
    trustSource: '/trust/allowed_signers',
    gaps: [
      {
        artifact: 'pod-logs/shop/web-1/app/previous',
        collector: 'pod-logs',
        required: true,
        outcome: 'denied',
        reason: 'forbidden',
        detail: 'pods/log is not allowed',
        proof: { status: 403 },
        attempts: 1,
        at: AT,
      },
    ],
    gapsTotal: 3,
    acquisition: {
      lines: [
        {
          seq: 1,
          at: '2026-01-02T02:58:00.000Z',
          actor: 'responder@jump-1',
          event: 'open',
          detail: `exhibitId: ${STATEMENT.exhibitId}`,
        },
        { seq: 160, at: '2026-01-02T03:04:05.678Z', actor: 'responder@jump-1', event: 'seal', detail: 'gaps: 3' },
      ],
      omitted: 0,
      items: 144,
      firstItemAt: '2026-01-02T02:58:10.000Z',
      lastItemAt: '2026-01-02T03:04:00.000Z',
    },
    custody: { events: [{ record: TRANSFER, sha256: digest('event') }], form: formOf([TRANSFER], 'CUSTODY_OPEN') },
    hasVerifyPage: true,
    ...changes,
  };
}

/** Facts in which every text that somebody else can choose is `HOSTILE_TEXT`. */
export function hostileFacts(): HandoverFacts {
  const facts = handoverFacts();
  const text = HOSTILE_TEXT;
  const statement: Statement = {
    ...STATEMENT,
    scope: {
      all: false,
      nodes: [text],
      pods: [text],
      namespaces: [text],
      kubelet: true,
      profile: text,
      clusterUid: text,
      apiServer: text,
    },
    authority: { by: text, at: text, ground: text, limits: { nodes: [text], notAfter: text } },
    operator: {
      apiIdentity: { username: text, uid: text, groups: [text], extra: {} },
      cloudIdentity: null,
      osUser: text,
      host: text,
    },
    tool: { ...TOOL, version: text, commit: text, nodeVersion: text, platform: text },
    holdId: text,
    classification: text,
  };
  const record: CustodyRecord = {
    ...TRANSFER,
    from: text,
    to: text,
    location: text,
    purpose: text,
    authority: text,
    remarks: text,
  };
  return {
    ...facts,
    preparedBy: text,
    tool: statement.tool,
    recipient: text,
    purpose: text,
    privilege: text,
    caseWords: { reference: text, reason: text },
    statement,
    trustSource: text,
    report: { ...REPORT, statement, line: text, signer: { fingerprint: SIGNER, principal: text } },
    gaps: facts.gaps.map((gap) => ({ ...gap, artifact: text, reason: text, detail: text })),
    acquisition: {
      ...facts.acquisition,
      lines: facts.acquisition.lines.map((line) => ({ ...line, actor: text, detail: text })),
    },
    custody: { events: [{ sha256: digest('event'), record }], form: formOf([record], 'CUSTODY_BROKEN', text) },
  };
}
