import { closeSync, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { type Document, parseDocument } from 'yaml';
import { z } from 'zod';
import { cloudSchema } from '../model/cloud.js';
import { errnoOf, ExhibitError } from '../model/errors.js';

/** config.yaml: defaults of flags, nothing else and never a secret. */
export const configFileSchema = z.strictObject({
  case: z.string().optional(),
  profile: z.string().optional(),
  key: z.string().optional(),
  allowedSigners: z.string().optional(),
  revoked: z.string().optional(),
  tsa: z.array(z.string()).optional(),
  kubeconfig: z.string().optional(),
  context: z.string().optional(),
  maxLogBytes: z.string().optional(),
  idleTimeout: z.string().optional(),
  operator: z.string().optional(),
  collectorImage: z.string().optional(),
  collectorImagePresent: z.boolean().optional(),
  collectorPullSecrets: z.array(z.string()).optional(),
  collectorNamespace: z.string().optional(),
  cloud: cloudSchema.optional(),
});
export type ConfigFile = z.infer<typeof configFileSchema>;

const MAX_BYTES = 64 * 1024;

function refuseUnsafe(path: string, stats: Stats): void {
  const refuse = (why: string, hint: string): never => {
    throw new ExhibitError('CONFIG_INVALID', `The configuration file ${why}.`, { subject: path, hints: [hint] });
  };
  if (!stats.isFile()) refuse('is not a regular file', `ls -l '${path}'`);
  if ((stats.mode & 0o022) !== 0) refuse('can be changed by other users', `chmod go-w '${path}'`);
  const uid = process.getuid?.();
  if (uid !== undefined && stats.uid !== uid && stats.uid !== 0) refuse('belongs to another user', `ls -l '${path}'`);
  if (stats.size > MAX_BYTES) refuse(`is larger than ${String(MAX_BYTES)} bytes`, `ls -l '${path}'`);
}

function readText(path: string): string | null {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (cause) {
    const errno = errnoOf(cause);
    if (errno === 'ENOENT' || errno === 'ENOTDIR') return null;
    throw new ExhibitError('CONFIG_INVALID', 'The configuration file cannot be read.', { subject: path, cause });
  }
  try {
    // The descriptor is asked, not the path: what was checked is what is read.
    refuseUnsafe(path, fstatSync(descriptor));
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}

function valueOf(path: string, document: Document.Parsed): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch {
    throw new ExhibitError('CONFIG_INVALID', 'the configuration file has aliases, which are not followed', {
      subject: path,
    });
  }
}

function parseConfig(path: string, text: string): ConfigFile {
  const document = parseDocument(text, { uniqueKeys: true });
  const first = document.errors[0];
  if (first !== undefined) {
    throw new ExhibitError(
      'CONFIG_INVALID',
      `The configuration file is not YAML: ${first.message.split('\n')[0] ?? ''}`,
      {
        subject: path,
      },
    );
  }
  const parsed = configFileSchema.safeParse(valueOf(path, document) ?? {});
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const place = issue === undefined || issue.path.length === 0 ? 'top level' : issue.path.join('.');
  throw new ExhibitError('CONFIG_INVALID', `The configuration file is not valid at ${place}: ${issue?.message ?? ''}`, {
    subject: path,
    hints: [`Known keys: ${Object.keys(configFileSchema.shape).join(', ')}`],
  });
}

/** A missing file is an empty one. Throws `CONFIG_INVALID` for a file that others can write, that is no YAML or has unknown keys. */
export function readConfigFile(path: string): ConfigFile {
  const text = readText(path);
  return text === null ? {} : parseConfig(path, text);
}
