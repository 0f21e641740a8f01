import { z } from 'zod';
import { sensitivitySchema, VOLATILITIES } from './artifact.js';

/** An absolute path of the node, or one below every home folder of its passwd. `*` and `?` stay in their segment, `**` does not. */
const pathSchema = z
  .string()
  .regex(/^(?:~\/|\/)[A-Za-z0-9._@+~*?/-]*[A-Za-z0-9._@+~*?-]$/)
  .refine((path) => !/\/\/|\/\.{1,2}(?:\/|$)|\*\*\*|[^/]\*\*|\*\*[^/]/.test(path), 'not a plain path');

export const OS_FAMILIES = [
  'debian',
  'rhel',
  'suse',
  'alpine',
  'arch',
  'flatcar',
  'cos',
  'bottlerocket',
  'talos',
  'other',
] as const;
export const INIT_SYSTEMS = ['systemd', 'openrc', 'other'] as const;
export const NODE_RUNTIMES = ['containerd', 'crio', 'docker'] as const;
export const NODE_PROVIDERS = ['aws', 'gcp', 'azure', 'other'] as const;
export const NODE_ROLES = ['control-plane', 'worker'] as const;

/** Where an artifact must be: every list that is given must name what the node is. */
const expectationSchema = z.union([
  z.enum(['always', 'never']),
  z
    .strictObject({
      osFamily: z.array(z.enum(OS_FAMILIES)).min(1).optional(),
      init: z.array(z.enum(INIT_SYSTEMS)).min(1).optional(),
      runtime: z.array(z.enum(NODE_RUNTIMES)).min(1).optional(),
      provider: z.array(z.enum(NODE_PROVIDERS)).min(1).optional(),
      role: z.array(z.enum(NODE_ROLES)).min(1).optional(),
    })
    .refine((value) => Object.keys(value).length > 0, 'an expectation without a condition'),
]);
export type Expectation = z.infer<typeof expectationSchema>;

/**
 * What is kept of the files. `full`: their bytes, as one tar. `hash-only`: digests, never a byte. `list-only`: name, owner and times.
 * `certificates`: digests, and of a PEM file its certificates, never a key. `kernel-text`: lines of files that the kernel makes.
 * `journal-export`: the entries of journals as the far side's journalctl writes them out, not the files.
 */
const CONTENTS = ['full', 'hash-only', 'list-only', 'certificates', 'kernel-text', 'journal-export'] as const;

/** What is understood in the content besides being kept, as derived records. */
const PARSERS = ['logins', 'pod-logs', 'kernel-modules'] as const;

const specSchema = z.strictObject({
  paths: z.array(pathSchema).min(1).max(60),
  exclude: z.array(pathSchema).max(20).default([]),
  /** `executables`: only what has an execute bit or is a library or a kernel module by its name. */
  only: z.enum(['everything', 'executables']).default('everything'),
  content: z.enum(CONTENTS),
  parse: z.enum(PARSERS).optional(),
  volatility: z.enum(VOLATILITIES),
  sensitivity: sensitivitySchema,
  /** Who may read it on a usual node. */
  privilege: z.enum(['anyone', 'root']),
  expectedOn: expectationSchema,
  limits: z.strictObject({
    /** A larger file is listed, not taken. */
    maxFileBytes: z.int().min(1).max(8_589_934_592),
    /** What all files of the artifact may have together. */
    maxBytes: z.int().min(1).max(68_719_476_736),
    maxFiles: z.int().min(1).max(100_000),
    /** Folders below the first part of a path that has no wildcard. */
    maxDepth: z.int().min(1).max(32),
  }),
  /** What it says when it is not there. */
  absenceMeaning: z.string().min(20).max(400),
  references: z.array(z.url({ protocol: /^https$/ })).max(10),
});

/** One file of templates/artifacts. */
export const artifactFileSchema = z.strictObject({
  apiVersion: z.literal('kubexhibit.dev/v1'),
  kind: z.literal('NodeArtifact'),
  metadata: z.strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/)
      .max(40),
    title: z.string().min(5).max(100),
    /** Version of the catalogue that first had it in this form. */
    since: z.int().min(1),
  }),
  spec: specSchema,
});

export type CatalogueEntry = z.infer<typeof artifactFileSchema>['metadata'] & z.infer<typeof specSchema>;
