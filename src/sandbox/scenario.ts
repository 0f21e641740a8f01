import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { loadExecs, type RecordedExecs } from './exec-recording.js';

const bodySchema = z.union([z.strictObject({ text: z.string() }), z.strictObject({ file: z.string() })]);
const headersSchema = z.array(z.tuple([z.string(), z.string()]));
const recordedSchema = { status: z.int(), headers: headersSchema, chunked: z.boolean(), body: bodySchema };

const ruleSchema = z.object({
  verbs: z.array(z.string()),
  apiGroups: z.array(z.string()).optional(),
  resources: z.array(z.string()).optional(),
  resourceNames: z.array(z.string()).optional(),
  nonResourceURLs: z.array(z.string()).optional(),
});

/** scenario.json, written by scripts/record-scenario.js. Files are relative to its folder; bodies are what the real server sent. */
export const scenarioSchema = z.strictObject({
  format: z.literal('exhibit-sandbox/1'),
  recordedAt: z.string(),
  kubernetes: z.string(),
  note: z.string(),
  /** What was put in place of what, in all bodies and headers. */
  replaced: z.array(z.strictObject({ from: z.string(), to: z.string(), count: z.int() })),
  /** Logs that were longer. */
  shortened: z.array(z.strictObject({ what: z.string(), toBytes: z.int() })),
  leftOut: z.array(z.string()),
  identity: z.strictObject({ username: z.string(), groups: z.array(z.string()) }),
  /** The server's reason for an allowed access review. */
  allowedBecause: z.string(),
  rules: z.strictObject({ resourceRules: z.array(ruleSchema), nonResourceRules: z.array(ruleSchema) }),
  flow: headersSchema,
  lists: z.array(
    z.strictObject({
      groupVersion: z.string(),
      resource: z.string(),
      kind: z.string(),
      namespaced: z.boolean(),
      file: z.string(),
    }),
  ),
  secrets: z.array(z.strictObject({ namespace: z.string(), file: z.string() })),
  logs: z.array(
    z.strictObject({
      namespace: z.string(),
      pod: z.string(),
      container: z.string(),
      previous: z.boolean(),
      ...recordedSchema,
    }),
  ),
  answers: z.array(z.strictObject({ path: z.string(), accept: z.string().optional(), ...recordedSchema })),
});
export type ScenarioIndex = z.infer<typeof scenarioSchema>;
export type RecordedBody = z.infer<typeof bodySchema>;
export type Rule = z.infer<typeof ruleSchema>;

export interface Scenario extends ScenarioIndex {
  readonly execs: RecordedExecs;
  /** Bytes of a recorded body. */
  bytesOf(body: RecordedBody): Buffer;
}

/** A scenario by its folder, or by its name among those that come with the program. */
function scenarioFolder(scenario: string): string {
  if (path.isAbsolute(scenario)) return scenario;
  let at = path.dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const folder = path.join(at, 'templates', 'sandbox', scenario);
    if (existsSync(path.join(folder, 'scenario.json'))) return folder;
    if (path.dirname(at) === at) throw new Error(`no scenario ${scenario}`);
    at = path.dirname(at);
  }
}

/** Reads the index; bodies are read when they are asked for. Throws when the folder holds no valid scenario. */
export function loadScenario(scenario: string): Scenario {
  const folder = scenarioFolder(scenario);
  const index = scenarioSchema.parse(JSON.parse(readFileSync(path.join(folder, 'scenario.json'), 'utf8')));
  return {
    ...index,
    execs: loadExecs(folder),
    bytesOf: (body) => ('text' in body ? Buffer.from(body.text, 'utf8') : readFileSync(path.join(folder, body.file))),
  };
}
