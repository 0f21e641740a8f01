import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normaliseLine } from './normalise-line.js';

/** As a server of 1.34 writes it. */
const EVENT = {
  kind: 'Event',
  apiVersion: 'audit.k8s.io/v1',
  level: 'Metadata',
  auditID: '1e8e1d2b-6f0a-4f5e-9a53-1c1f3e6a1111',
  stage: 'ResponseComplete',
  requestURI: '/api/v1/namespaces/shop/pods/web/exec?command=id&container=app',
  verb: 'get',
  user: {
    username: 'alice',
    groups: ['developers', 'system:authenticated'],
    extra: { 'authentication.kubernetes.io/credential-id': ['X509SHA256=00'] },
  },
  sourceIPs: ['192.0.2.7'],
  userAgent: 'kubectl/v1.34.0',
  objectRef: { resource: 'pods', namespace: 'shop', name: 'web', apiVersion: 'v1', subresource: 'exec' },
  responseStatus: { metadata: {}, code: 101 },
  requestReceivedTimestamp: '2026-01-02T03:04:05.678901Z',
  stageTimestamp: '2026-01-02T03:04:06.000001Z',
  annotations: { 'authorization.k8s.io/decision': 'allow' },
};
const text = JSON.stringify(EVENT);
const line = (value: unknown): ReturnType<typeof normaliseLine> =>
  normaliseLine(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)));
const change = (more: object): object => ({ ...EVENT, ...more });

const NORMAL = {
  format: 'audit.k8s.io/v1',
  auditId: EVENT.auditID,
  stage: 'ResponseComplete',
  level: 'Metadata',
  atMs: 1767323046000,
  receivedAtMs: 1767323045678,
  verb: 'get',
  uri: EVENT.requestURI,
  user: { ...EVENT.user, uid: null },
  impersonated: null,
  sourceIps: ['192.0.2.7'],
  userAgent: 'kubectl/v1.34.0',
  object: { group: '', version: 'v1', resource: 'pods', subresource: 'exec', namespace: 'shop', name: 'web', uid: '' },
  code: 101,
  annotations: { 'authorization.k8s.io/decision': 'allow' },
  request: null,
  response: null,
  inferred: [],
};

describe('normaliseLine', () => {
  it.each<[string, unknown]>([
    ['as the server writes it', text],
    ['in a container log', `2026-01-02T03:04:06.1Z stdout F ${text}`],
    ['in an export of CloudWatch', `2026-01-02T03:04:06.123Z ${text}`],
    [
      'in an event of CloudWatch',
      { eventId: '1', timestamp: 1, logStreamName: 'kube-apiserver-audit-0', message: text },
    ],
    ['in a diagnostic setting of Azure, as text', { category: 'kube-audit', properties: { log: text, pod: 'x' } }],
    ['in a diagnostic setting of Azure, as an object', { category: 'kube-audit', properties: { log: EVENT } }],
    ['with the carriage return of another system', `${text}\r`],
    ['in a list of one', { kind: 'EventList', apiVersion: 'audit.k8s.io/v1', items: [EVENT] }],
  ])('finds the same event %s', (_, wrapped) => {
    expect(line(wrapped)).toEqual({ kind: 'events', events: [NORMAL] });
  });

  it('gives each event of a list, whose items need not repeat the version', () => {
    const { kind: _, apiVersion: __, ...bare } = EVENT;
    const found = line({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', items: [bare, EVENT] });
    expect(found).toEqual({ kind: 'events', events: [NORMAL, NORMAL] });
  });

  it('takes the older version, and says so', () => {
    const found = line(change({ apiVersion: 'audit.k8s.io/v1beta1' }));
    expect(found).toEqual({ kind: 'events', events: [{ ...NORMAL, format: 'audit.k8s.io/v1beta1' }] });
  });

  it('knows who asked and as whom', () => {
    const found = line(change({ impersonatedUser: { username: 'root', uid: '1', groups: ['system:masters'] } }));
    expect(found).toMatchObject({
      events: [{ user: { username: 'alice' }, impersonated: { username: 'root', uid: '1', extra: {} } }],
    });
  });

  it('concludes what Google does not say, and names it', () => {
    const found = line({
      insertId: 'abc',
      timestamp: '2026-01-02T03:04:06Z',
      labels: { 'authorization.k8s.io/decision': 'forbid' },
      protoPayload: {
        authenticationInfo: { principalEmail: 'alice@example.com' },
        methodName: 'io.k8s.core.v1.pods.exec.create',
        resourceName: 'core/v1/namespaces/shop/pods/web/exec',
        requestMetadata: { callerIp: '192.0.2.7', callerSuppliedUserAgent: 'kubectl' },
        status: { code: 7 },
      },
    });
    expect(found).toMatchObject({
      events: [
        {
          ...{ format: 'gke', auditId: 'abc', verb: 'create', code: 403, level: 'Metadata', sourceIps: ['192.0.2.7'] },
          user: { username: 'alice@example.com', groups: [] },
          object: { group: '', version: 'v1', resource: 'pods', subresource: 'exec', namespace: 'shop', name: 'web' },
          annotations: { 'authorization.k8s.io/decision': 'forbid' },
        },
      ],
    });
    const [event] = found.kind === 'events' ? found.events : [];
    expect(event?.inferred).toContain('stage');
  });

  it.each([
    ['CloudWatch', `${text.slice(0, 200)}[Truncated...]`, EVENT.auditID],
    ['Azure', '{"log": skipped-too-big-size-object}', null],
  ])('knows a line that %s cut, and what is left of its id', (_, cut, auditId) => {
    expect(line(cut)).toEqual({ kind: 'truncated', auditId });
  });

  it.each<[string, unknown, string, string]>([
    ['half a line', text.slice(0, 300), 'not-json', ''],
    ['NUL', '\u0000\u0000', 'not-json', ''],
    ['other JSON', { hello: 1 }, 'no-audit-event', ''],
    ['a JSON array', '[]', 'no-audit-event', ''],
    ['another kind', change({ kind: 'Policy' }), 'no-audit-event', ''],
    ['an unknown version', change({ apiVersion: 'audit.k8s.io/v9' }), 'unknown-version', 'audit.k8s.io/v9'],
    [
      'a list of which a part is no event, so that none is left out unseen',
      { kind: 'EventList', apiVersion: 'audit.k8s.io/v1', items: [EVENT, { kind: 'Pod' }] },
      'wrong-type',
      'items.1',
    ],
    ['an object for a name', change({ user: { username: {} } }), 'wrong-type', 'user.username'],
    ['a text for a user', change({ user: 'alice' }), 'wrong-type', 'user'],
    ['a number for a verb', change({ verb: 5 }), 'wrong-type', 'verb'],
    ['a text for a code', change({ responseStatus: { code: '200' } }), 'wrong-type', 'responseStatus.code'],
    ['a text for a list', change({ sourceIPs: '192.0.2.7' }), 'wrong-type', 'sourceIPs'],
    ['a stage that does not exist', change({ stage: 'Done' }), 'wrong-type', 'stage'],
    ['no instant', change({ stageTimestamp: 'yesterday' }), 'wrong-type', 'stageTimestamp'],
    ['no id', change({ auditID: '' }), 'wrong-type', 'auditID'],
  ])('quarantines %s', (_, value, reason, detail) => {
    expect(line(value)).toEqual({ kind: 'quarantined', reason, detail });
  });

  it('quarantines bytes that are no UTF-8', () => {
    expect(normaliseLine(Buffer.from([0x7b, 0xff]))).toEqual({ kind: 'quarantined', reason: 'not-utf8', detail: '' });
  });

  it('keeps unknown members out, and takes the event', () => {
    expect(line(change({ surprise: { deep: [1] } }))).toEqual({ kind: 'events', events: [NORMAL] });
  });

  it('never throws, whatever the bytes are and however they are wrapped', () => {
    const value = fc.oneof(
      fc.json(),
      fc.string(),
      fc.object().map((more) => JSON.stringify(change(more))),
    );
    fc.assert(
      fc.property(value, fc.uint8Array({ maxLength: 8 }), fc.boolean(), (one, tail, isWrapped) => {
        const bytes = Buffer.concat([Buffer.from(isWrapped ? JSON.stringify({ message: one }) : one), tail]);
        expect(['events', 'truncated', 'quarantined', 'blank']).toContain(normaliseLine(bytes).kind);
      }),
    );
  });
});
