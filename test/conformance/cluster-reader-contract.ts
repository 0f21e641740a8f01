import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ReadRequest } from '../../src/ports/cluster-reader.js';
import { failureOf, openReader, readAll, type ReaderUnderTest, readStream } from './cluster-reader-harness.js';

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';
const MIXED: ReadRequest = {
  path: '/api/v1/namespaces/exhibit-quiet/pods/mixed/log',
  query: [
    ['container', 'streams'],
    ['timestamps', 'true'],
  ],
  kind: 'stream',
};

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/**
 * What src/ports/cluster-reader.ts promises where nothing goes wrong, of a cluster with the quiet workloads in it. The kubeconfig's
 * identity reads everything and changes nothing.
 */
export function describeReaderContract(kubeconfigOf: () => Promise<string>): void {
  let under: ReaderUnderTest;
  beforeAll(async () => (under = await openReader(await kubeconfigOf())));
  afterAll(async () => {
    await under.reader.close();
    expect(under.calls.filter((call) => call.end === null)).toEqual([]);
  });

  it('gets a whole body with its digest, its audit id and the server date', async () => {
    const answer = await under.reader.get({ path: '/version', kind: 'small' });
    expect(answer).toMatchObject({ status: 200, end: 'complete', endDetail: null, attempts: 1, method: 'GET' });
    expect(answer.sizeBytes).toBe(answer.body.length);
    expect(answer.sha256).toBe(sha256(answer.body));
    expect(answer.auditIdAnswered).toBe(answer.auditIdSent);
    expect(answer.url).toBe(`${under.reader.facts.server}/version`);
    expect(Math.abs(Date.parse(answer.serverDate ?? '') - answer.headAtMs)).toBeLessThan(5000);
    expect(JSON.parse(answer.body.toString())).toMatchObject({ major: '1' });
  });

  it('logs each call once, under the audit id that it carried', async () => {
    const answer = await under.reader.get({ path: '/api/v1/namespaces/exhibit-quiet/pods/mixed', kind: 'small' });
    const logged = under.calls.filter((call) => call.start.auditIdSent === answer.auditIdSent);
    expect(logged).toHaveLength(1);
    expect(logged[0]?.start).toMatchObject({ method: 'GET', url: answer.url });
    expect(logged[0]?.end).toMatchObject({
      status: 200,
      sha256: answer.sha256,
      sizeBytes: answer.sizeBytes,
      error: null,
    });
    expect(logged[0]?.end?.tlsPeerSha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each([
    ['/api/v1/namespaces/exhibit-quiet/pods/nope', 404, 'NotFound'],
    ['/api/v1/nodes/nope/proxy/configz', 404, 'NotFound'],
    ['/api/v1/namespaces/exhibit-quiet/pods/mixed/log', 400, 'BadRequest'],
  ])('returns %s as the server refuses it', async (path, status, reason) => {
    const answer = await under.reader.get({ path, kind: 'small' });
    expect(answer).toMatchObject({ status, end: 'complete', attempts: 1 });
    expect(JSON.parse(answer.body.toString())).toMatchObject({ kind: 'Status', reason, code: status });
  });

  it.each([
    ['/api/v1/configmaps', 1],
    ['/api/v1/namespaces/exhibit-quiet/pods', 2],
    ['/apis/quiet.exhibit.test/v1/widgets', 1],
    ['/apis/rbac.authorization.k8s.io/v1/clusterroles', 7],
  ])('pages %s by %i to the same objects as in one page', async (path, pageSize) => {
    const whole = await readAll(under.reader, { path });
    const paged = await readAll(under.reader, { path, pageSize });
    expect(whole.end).toMatchObject({
      complete: true,
      pages: 1,
      attempts: 1,
      inconsistent: false,
      reason: null,
      status: 200,
    });
    expect(paged.end).toMatchObject({ complete: true, reason: null, items: whole.names.length });
    expect(paged.names).toEqual(whole.names);
    expect(paged.names.length).toBeGreaterThan(1);
    expect(paged.end.pages).toBe(Math.ceil(whole.names.length / pageSize));
    expect(paged.pages.map((page) => page.number)).toEqual(paged.pages.map((_, index) => index + 1));
    expect(new Set(paged.pages.map((page) => page.resourceVersion)).size).toBe(1);
    for (const page of paged.pages) expect(page.answer.sha256).toBe(sha256(page.body));
  });

  it('hands over list bytes as they came: integers beyond 2^53 survive', async () => {
    const { pages } = await readAll(under.reader, { path: '/apis/quiet.exhibit.test/v1/widgets' });
    expect(pages[0]?.body.toString()).toContain('"size":9007199254740993');
  });

  it('lists Secrets as a Table in which no object stands', async () => {
    const path = '/api/v1/namespaces/exhibit-quiet/secrets';
    const { end, pages, names } = await readAll(under.reader, {
      path,
      accept: TABLE,
      query: [['includeObject', 'None']],
    });
    expect(end).toMatchObject({ complete: true, items: 1 });
    expect(names).toEqual(['credentials']);
    expect(pages[0]?.items).toEqual([expect.objectContaining({ object: null })]);
    expect(pages[0]?.body.toString()).not.toContain('never-to-be-seen');
  });

  it('ends a list that does not exist with its reason, without throwing', async () => {
    const { end, pages } = await readAll(under.reader, { path: '/apis/apps/v1/nopes' });
    expect(end).toMatchObject({ complete: false, reason: 'not-found', status: 404 });
    expect(pages).toEqual([]);
  });

  it('streams a log to a proven end: whole, and read again from its last second nothing has changed', async () => {
    const first = await readStream(under.reader, MIXED);
    expect(first.answer).toMatchObject({
      status: 200,
      end: 'complete',
      sizeBytes: first.body.length,
      sha256: sha256(first.body),
    });
    const lines = first.body.toString().split('\n').slice(0, -1);
    expect(lines.map((line) => line.split(' ').slice(1).join(' ')).toSorted()).toEqual(
      Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? `out ${index + 1}` : `err ${index + 1}`)).toSorted(),
    );
    const last = lines.at(-1) ?? '';
    const query = [...(MIXED.query ?? []), ['sinceTime', `${last.slice(0, 19)}Z`] as const];
    const again = await readStream(under.reader, { ...MIXED, query });
    expect(again.answer.end).toBe('complete');
    expect(again.body.toString().split('\n').slice(0, -1).at(-1)).toBe(last);
    expect(first.body.toString().endsWith(again.body.toString())).toBe(true);
  });

  it('streams bytes that are no text as they are', async () => {
    const query = [['container', 'binary']] as const;
    const { answer, body } = await readStream(under.reader, {
      ...MIXED,
      path: '/api/v1/namespaces/exhibit-quiet/pods/bytes/log',
      query,
    });
    expect(answer.end).toBe('complete');
    expect(body.includes(Buffer.from([0x69, 0x64, 0x20, 0xff, 0xfe]))).toBe(true);
    expect(body.includes(Buffer.from('nul [\0] bell [\u0007] carriage\rreturn\n'))).toBe(true);
  });

  it('streams an empty log to its end', async () => {
    const { answer, body } = await readStream(under.reader, { ...MIXED, query: [['container', 'silent']] });
    expect(answer).toMatchObject({ status: 200, end: 'complete', sizeBytes: 0, sha256: sha256(Buffer.alloc(0)) });
    expect(body).toHaveLength(0);
  });

  it('drops a body that the consumer does not want', async () => {
    const heads: number[] = [];
    const chunks: Buffer[] = [];
    const query = [...(MIXED.query ?? []), ['previous', 'true'] as const];
    const answer = await under.reader.stream(
      { ...MIXED, query },
      { head: (status) => heads.push(status) === 0, chunk: (bytes) => void chunks.push(bytes) },
    );
    expect(heads).toEqual([400]);
    expect(chunks).toEqual([]);
    expect(answer.status).toBe(400);
    expect(answer.sizeBytes).toBeGreaterThan(100);
  });

  it('cuts a stream off at the limit, to the byte', async () => {
    const { answer, body } = await readStream(under.reader, { ...MIXED, maxBytes: 1000 });
    expect(answer).toMatchObject({ status: 200, end: 'limit', sizeBytes: 1000, sha256: sha256(body) });
    expect(body).toHaveLength(1000);
  });

  it('refuses a buffered body over the limit', async () => {
    const error = await failureOf(under.reader.get({ path: '/apis', kind: 'small', maxBytes: 100 }));
    expect(error).toMatchObject({ code: 'LIMIT_REACHED' });
  });

  it('ends what is aborted before it began', async () => {
    const error = await failureOf(under.reader.get({ path: '/version', kind: 'small', signal: AbortSignal.abort() }));
    expect(error).toMatchObject({ code: 'INTERRUPTED' });
  });

  it('throws what the consumer throws', async () => {
    const error = await failureOf(
      under.reader.stream(MIXED, {
        chunk: () => {
          throw new Error('disk full');
        },
      }),
    );
    expect(error).toMatchObject({ message: 'disk full' });
  });

  it('asks who it is and what it may', async () => {
    const who = await under.reader.review('/apis/authentication.k8s.io/v1/selfsubjectreviews', {
      kind: 'SelfSubjectReview',
      apiVersion: 'authentication.k8s.io/v1',
    });
    expect(who).toMatchObject({ status: 201, method: 'POST' });
    expect(JSON.parse(who.body.toString())).toMatchObject({ status: { userInfo: { username: 'responder' } } });
    const may = async (verb: string): Promise<unknown> => {
      const spec = { resourceAttributes: { verb, resource: 'pods', namespace: 'exhibit-quiet' } };
      const body = { kind: 'SelfSubjectAccessReview', apiVersion: 'authorization.k8s.io/v1', spec };
      const answer = await under.reader.review('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', body);
      return (JSON.parse(answer.body.toString()) as { status: { allowed: boolean } }).status.allowed;
    };
    expect([await may('list'), await may('create')]).toEqual([true, false]);
  });

  it('reaches a kubelet through the proxy, whose /logs wants no type named', async () => {
    const node = (await readAll(under.reader, { path: '/api/v1/nodes' })).names[0]?.slice(1) ?? '';
    const logs: ReadRequest = { path: `/api/v1/nodes/${node}/proxy/logs/`, kind: 'stream', node };
    expect((await readStream(under.reader, { ...logs, accept: '*/*' })).body.toString()).toContain('<a href="pods/">');
    expect((await readStream(under.reader, logs)).answer.status).toBe(406);
  });

  it('is safe for many calls at once', async () => {
    const paths = Array.from({ length: 24 }, (_, index) =>
      index % 2 === 0 ? '/version' : '/api/v1/namespaces/exhibit-quiet',
    );
    const calls = paths.map(async (path) => await under.reader.get({ path, kind: 'small' }));
    const answers = await Promise.all(calls);
    expect(new Set(answers.map((answer) => answer.auditIdSent)).size).toBe(24);
    for (const [index, answer] of answers.entries()) {
      expect(answer.auditIdAnswered).toBe(answer.auditIdSent);
      expect(answer.body.toString()).toContain(paths[index] === '/version' ? '"gitVersion"' : '"kind":"Namespace"');
    }
  });
}
