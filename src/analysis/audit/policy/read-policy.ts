import { isMap, isNode, isPair, isScalar, LineCounter, type ParsedNode, parseDocument } from 'yaml';
import { z } from 'zod';
import { AUDIT_LEVELS, AUDIT_STAGES, type AuditPolicy, type PolicyRule } from '../../../model/audit-policy.js';
import { ExhibitError } from '../../../model/errors.js';

/** A policy as long as this has been seen nowhere; etcd takes no object that is larger. */
const MAX_CHARACTERS = 1_500_000;
const MAX_RULES = 10_000;
const DNS_SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;

const texts = z
  .array(z.string())
  .nullish()
  .transform((list) => list ?? []);
const stages = z
  .array(z.enum(AUDIT_STAGES))
  .nullish()
  .transform((list) => list ?? []);

const resourcesSchema = z
  .strictObject({
    group: z
      .string()
      .nullish()
      .transform((group) => group ?? '')
      .refine((group) => group === '' || DNS_SUBDOMAIN.test(group), {
        error: 'the group is no DNS name; a version does not belong into it',
      }),
    resources: texts,
    resourceNames: texts,
  })
  .refine(({ resources, resourceNames }) => resourceNames.length === 0 || resources.length > 0, {
    error: 'resourceNames need at least one resource',
  });

const pathSchema = z
  .string()
  .refine((path) => path === '*' || path.startsWith('/'), { error: 'a path begins with /, or is *' })
  .refine((path) => path === '*' || !path.slice(0, -1).includes('*'), { error: 'an asterisk is the last character' });

const ruleSchema = z
  .strictObject({
    level: z.enum(AUDIT_LEVELS),
    users: texts,
    userGroups: texts,
    verbs: texts,
    resources: z
      .array(resourcesSchema)
      .nullish()
      .transform((list) => list ?? []),
    namespaces: texts,
    nonResourceURLs: z
      .array(pathSchema)
      .nullish()
      .transform((list) => list ?? []),
    omitStages: stages,
    omitManagedFields: z.boolean().nullish(),
  })
  .refine((rule) => rule.nonResourceURLs.length === 0 || rule.resources.length + rule.namespaces.length === 0, {
    error: 'a rule is about resources or about paths, not about both',
  });

const policySchema = z.strictObject({
  apiVersion: z.enum(['audit.k8s.io/v1', 'audit.k8s.io/v1beta1']),
  kind: z.literal('Policy'),
  metadata: z.unknown().optional(),
  omitStages: stages,
  omitManagedFields: z.boolean().nullish(),
  rules: z.array(ruleSchema).min(1, { error: 'the API server refuses a policy without rules' }).max(MAX_RULES),
});

type Document = ReturnType<typeof parseDocument<ParsedNode>>;

/** Where in the text a member is; of one that is unknown, its key. */
class Places {
  readonly #document: Document;
  readonly #lines: LineCounter;

  constructor(document: Document, lines: LineCounter) {
    this.#document = document;
    this.#lines = lines;
  }

  at(offset: number): { readonly line: number; readonly column: number } {
    const { line, col } = this.#lines.linePos(offset);
    return { line, column: col };
  }

  of(path: readonly PropertyKey[], key: string | undefined): { readonly line: number; readonly column: number } {
    for (let length = path.length; length >= 0; length -= 1) {
      const node = this.#document.getIn(path.slice(0, length), true);
      const found = isMap(node) && key !== undefined && length === path.length ? this.#keyOf(node.items, key) : node;
      if (isNode(found) && found.range !== undefined && found.range !== null) return this.at(found.range[0]);
    }
    return { line: 1, column: 1 };
  }

  #keyOf(items: readonly unknown[], key: string): unknown {
    for (const item of items) if (isPair(item) && isScalar(item.key) && item.key.value === key) return item.key;
    return null;
  }
}

/** `line 3, column 5: ...` of the file that `source` names. */
function invalid(source: string, { line, column }: { line: number; column: number }, why: string): ExhibitError {
  const message = `The audit policy cannot be used: line ${String(line)}, column ${String(column)}: ${why}`;
  return new ExhibitError('AUDIT_POLICY_INVALID', message, { subject: source });
}

function whyOf(issue: z.core.$ZodIssue): { readonly key: string | undefined; readonly why: string } {
  if (issue.code !== 'unrecognized_keys') {
    const where = issue.path.length === 0 ? '' : `${issue.path.map(String).join('.')}: `;
    return { key: undefined, why: `${where}${issue.message}` };
  }
  const [key] = issue.keys;
  return { key, why: `unknown field ${JSON.stringify(key)}: the API server ignores it, with a warning in its log` };
}

/**
 * A policy from YAML or JSON, by the rules of the API server, but that an unknown or repeated field is refused, which the server ignores: what
 * was meant would be judged, and not what is done. Throws `AUDIT_POLICY_INVALID` with line and column of the first fault.
 */
export function readPolicy(text: string, source: string): AuditPolicy {
  const start = { line: 1, column: 1 };
  if (text.length > MAX_CHARACTERS)
    throw invalid(source, start, `it is longer than ${String(MAX_CHARACTERS)} characters`);
  const lines = new LineCounter();
  const document = parseDocument(text, { uniqueKeys: true, lineCounter: lines });
  const places = new Places(document, lines);
  const [fault] = document.errors;
  if (fault !== undefined) throw invalid(source, places.at(fault.pos[0]), fault.message.split('\n')[0] ?? '');
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 0 });
  } catch {
    throw invalid(source, start, 'it has aliases, which are not followed');
  }
  if (value === null || value === undefined) throw invalid(source, start, 'it is empty');
  const parsed = policySchema.safeParse(value);
  if (parsed.success) {
    const { apiVersion, omitStages } = parsed.data;
    const rules = parsed.data.rules.map(({ omitManagedFields: _, ...rule }, index): PolicyRule => {
      return { ...rule, line: places.of(['rules', index], undefined).line };
    });
    return { apiVersion, omitStages, rules };
  }
  const [issue] = parsed.error.issues;
  if (issue === undefined) throw invalid(source, start, 'it is no policy');
  const { key, why } = whyOf(issue);
  throw invalid(source, places.of(issue.path, key), why);
}
