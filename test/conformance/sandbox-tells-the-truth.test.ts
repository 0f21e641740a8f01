/** Real answers of a real cluster, recorded beside the scenario, compared with what the sandbox says to the same questions. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSandbox, type RawAnswer, type SandboxUnderTest } from './sandbox-client.js';

interface Probe {
  readonly path: string;
  readonly method?: string;
  readonly accept?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly send?: string;
  readonly status: number;
  readonly answerHeaders: readonly (readonly [string, string])[];
  readonly chunked: boolean;
  readonly body: { readonly text: string } | { readonly base64: string };
}

const probes = JSON.parse(readFileSync(new URL('./sandbox-probes.json', import.meta.url), 'utf8')) as Probe[];

/** Paging tokens and list versions name the moment of the recording; everything else must be the same. */
function timeless(body: Buffer): string {
  return body
    .toString('latin1')
    .replace(
      /"metadata":\{([^{}]*)"resourceVersion":"\d+"([^{}]*)\},"(items|columnDefinitions)"/,
      '"metadata":{$1"resourceVersion":"N"$2},"$3"',
    )
    .replace(/("kind":"\w+List","metadata":\{[^{}]*)"resourceVersion":"\d+"/, '$1"resourceVersion":"N"')
    .replaceAll(/"continue":"([A-Za-z0-9_-]+)"/g, (_, token: string) => {
      const json = Buffer.from(token, 'base64url').toString('latin1');
      return `"continue":"${json.replace(/"rv":\d+/, '"rv":N')}"`;
    })
    .replaceAll(/"time":"[^"]*","fieldsType":"FieldsV1","fieldsV1":\{"f:spec"/g, '"time":T,"fieldsV1":{"f:spec"')
    .replaceAll(/"cells":\["credentials","Opaque",1,"[^"]*"\]/g, '"cells":["credentials","Opaque",1,AGE]');
}

const MADE_ANEW = new Set(['date', 'audit-id', 'content-length', 'transfer-encoding', 'connection', 'keep-alive']);

function headerLines(pairs: readonly (readonly [string, string])[]): string[] {
  return pairs
    .filter(([name]) => !MADE_ANEW.has(name.toLowerCase()))
    .map(([name, value]) => `${name}: ${value}`)
    .sort();
}

function pairsOf(answer: RawAnswer): [string, string][] {
  const { rawHeaders } = answer;
  return rawHeaders.flatMap((name, index): [string, string][] =>
    index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? '']] : [],
  );
}

function recordedBody(probe: Probe): Buffer {
  return 'text' in probe.body ? Buffer.from(probe.body.text) : Buffer.from(probe.body.base64, 'base64');
}

describe('sandbox against recorded answers', () => {
  let sandbox: SandboxUnderTest;
  beforeAll(async () => (sandbox = await openSandbox()));
  afterAll(async () => await sandbox.stop());

  it('has enough to compare', () => {
    expect(probes.length).toBeGreaterThan(120);
    expect(new Set(probes.map((probe) => probe.status)).size).toBeGreaterThanOrEqual(8);
  });

  it.each(
    probes.map(
      (probe, index) => [`${index} ${probe.method ?? 'GET'} ${probe.path} ${probe.accept ?? ''}`, probe] as const,
    ),
  )('%s', async (_, probe) => {
    const { path, method = 'GET', accept, headers, send } = probe;
    const answer = await sandbox.ask({ path, method, accept, headers, send });
    expect(answer.status).toBe(probe.status);
    expect(timeless(answer.body)).toBe(timeless(recordedBody(probe)));
    expect(headerLines(pairsOf(answer))).toEqual(headerLines(probe.answerHeaders));
    expect(answer.headers['transfer-encoding'] === 'chunked').toBe(probe.chunked);
    expect(answer.complete).toBe(true);
  });
});
