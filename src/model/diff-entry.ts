import { z } from 'zod';

/** What happened to a path of a container since its image, as the layers on the node show it. */
export const DIFF_CLASSES = [
  'added',
  'content-modified',
  'metadata-only',
  'copied-up-unchanged',
  'deleted',
  'opaque-replaced',
  'type-changed',
  'renamed',
  'metacopy',
  'undetermined',
] as const;

export const FILE_TYPES = [
  'file',
  'directory',
  'link',
  'char-device',
  'block-device',
  'fifo',
  'socket',
  'other',
] as const;
export type FileType = (typeof FILE_TYPES)[number];

/** What a container has mounted outside its layers. */
export const VOLUME_KINDS = [
  'empty-dir',
  'shm',
  'tmpfs',
  'host-path',
  'claim',
  'projected',
  'kubelet-file',
  'system',
] as const;
export type VolumeKind = (typeof VOLUME_KINDS)[number];

/** What the first bytes and a scan of a file's content show. */
export const sniffSchema = z.strictObject({
  kind: z.enum(['elf', 'script', 'archive', 'private-key', 'core', 'wasm', 'pyc', 'text', 'data', 'empty']),
  /** Of a script, escaped. */
  interpreter: z.string().optional(),
  /** Of an ELF file: no interpreter is asked for. */
  isStatic: z.boolean().optional(),
  /** Shannon entropy of the first MiB in hundredths of a bit per byte. */
  entropyCentibits: z.int().min(0).max(800).optional(),
  /** Which of our marks stand in it: `stratum`, `upx`, `web-shell`, ... */
  marks: z.array(z.string()),
});
export type Sniff = z.infer<typeof sniffSchema>;

/** Names are bytes: base64, and escaped for people; absolute in the container. */
const namedSchema = z.strictObject({ pathB64: z.string(), path: z.string() });

const statSchema = z.strictObject({
  type: z.enum(FILE_TYPES),
  /** Permission and set-id bits. */
  mode: z.int(),
  uid: z.int(),
  gid: z.int(),
  /** Holes included; at most 2^53-1. */
  sizeBytes: z.int(),
  /** RFC 3339 with nanoseconds. */
  mtime: z.string(),
});

const baseSchema = statSchema.extend({
  /** Position of the layer, 0 = directly below the writable one. */
  layer: z.int(),
  /** Where it stands there when that is not the entry's own path: the folder was renamed. */
  pathB64: z.string().optional(),
  /** `null` = no regular file, or not hashed. */
  sha256: z.string().nullable(),
  linkTarget: z.string().optional(),
  linkTargetB64: z.string().optional(),
});
export type DiffBase = z.infer<typeof baseSchema>;

/**
 * One line of entries.jsonl. Times: `mtime` is set at will by whoever owns the file; `ctime` is when the kernel last changed the inode;
 * `btime` is when the copy in the writable layer came into being, about the first time it was opened for writing; `atime` depends on
 * mount options and on who read it, us included.
 */
export const diffEntrySchema = z.strictObject({
  ...namedSchema.shape,
  ...statSchema.shape,
  class: z.enum(DIFF_CLASSES),
  allocatedBytes: z.int(),
  nlink: z.int(),
  /** Decimal: inode numbers have 64 bits. */
  inode: z.string(),
  device: z.string(),
  rdev: z.strictObject({ major: z.int(), minor: z.int() }).optional(),
  atime: z.string(),
  ctime: z.string(),
  btime: z.string().nullable(),
  linkTarget: z.string().optional(),
  linkTargetB64: z.string().optional(),
  xattrs: z.array(z.strictObject({ name: z.string(), valueB64: z.string() })),
  /** `whiteout`, `whiteout-xattr`, `opaque`, `redirect`, `metacopy`, `below-opaque`. */
  overlay: z.array(z.string()),
  /** Of the content, holes as zeros. `null` = none, a metacopy (its content is the base's), or not read: see `notes`. */
  sha256: z.string().nullable(),
  sniff: sniffSchema.nullable(),
  base: baseSchema.nullable(),
  /** Which of mode, uid, gid, mtime, xattrs, content, size, target differ from the base. */
  differs: z.array(z.string()),
  /** Of the layers below, what a deleted or replaced folder hides; at most 1,000. */
  hidden: z.array(namedSchema.extend({ type: z.enum(FILE_TYPES), sizeBytes: z.int() })).optional(),
  hiddenTotal: z.int().optional(),
  /** The entry is in no layer: it is in a volume of the container. */
  volume: z.strictObject({ kind: z.enum(VOLUME_KINDS), mountPoint: z.string() }).optional(),
  renamedFromB64: z.string().optional(),
  renamedFrom: z.string().optional(),
  changedDuringRead: z.boolean(),
  /**
   * `left-out`, `not-in-archive`, `sparse-too-large`, `illegal-in-layer`, `base-unhashed`, `name-marks-whiteout`;
   * `foreign-overlay-mark` = the attribute of an overlay that this mount does not heed, `unclear-overlay-mark` = not known whether it does.
   */
  notes: z.array(z.string()),
});
export type DiffEntry = z.infer<typeof diffEntrySchema>;

const volumeRecordSchema = z.strictObject({
  /** Of what was taken of it, below the diff's: `v0`; `null` = nothing. */
  folder: z.string().nullable(),
  kind: z.enum(VOLUME_KINDS),
  name: z.string().nullable(),
  mountPoint: z.string(),
  mountPointB64: z.string(),
  device: z.string(),
  root: z.string(),
  fsType: z.string(),
  readOnly: z.boolean(),
  /** What is taken of such a volume, and what became of it. */
  policy: z.enum(['content', 'names', 'none']),
  outcome: z.string(),
});
export type VolumeRecord = z.infer<typeof volumeRecordSchema>;

const packagesSchema = z.strictObject({
  /** The archive of the package managers' files, perhaps taken for another container of the same layers; `null` = there are none. */
  path: z.string().nullable(),
  files: z.int(),
  leftOut: z.int(),
  /** Why it is not whole. */
  problem: z.string().nullable(),
});
export type PackagesRecord = z.infer<typeof packagesSchema>;

/** The one line of source.jsonl: of which container a diff is, by whose word, and what could not be seen. Paths are escaped. */
export const diffSourceSchema = z.strictObject({
  /** Where the layer, its listings and the volumes are in the archive. */
  folder: z.string(),
  namespace: z.string(),
  pod: z.string(),
  podUid: z.string(),
  container: z.string(),
  containerId: z.string(),
  imageId: z.string().nullable(),
  node: z.string(),
  pid: z.int().nullable(),
  parentPid: z.int().nullable(),
  startTicks: z.string().nullable(),
  /**
   * By whose word the layers are these: the mounts of the running process, or the runtime's own store on the disk; `store-carved` = the
   * store had deleted the container and its record was still in freed pages.
   */
  layersFrom: z.enum(['mounts', 'store', 'store-carved']),
  /** Whose paths these are: the node's root as this way sees it, or the runtime's. */
  view: z.enum(['node', 'runtime']),
  upper: z.string(),
  upperIdentity: z.string(),
  lowers: z.array(z.string()),
  missingLowers: z.array(z.string()),
  /** `null` = not known: the layers are named by a store. */
  userXattr: z.boolean().nullable(),
  dataOnlyLowers: z.int(),
  readOnlyRoot: z.boolean(),
  userNamespace: z.boolean(),
  runtimeAgrees: z.enum(['yes', 'no', 'unknown']),
  disagreements: z.array(z.string()),
  degraded: z.array(z.string()),
  entries: z.int(),
  changedDuringRead: z.int(),
  appearedDuringRead: z.int(),
  leftOut: z.int(),
  baseListing: z.strictObject({ sha256: z.string(), sizeBytes: z.int() }),
  /** The writable layer in the form of image layers; `path` is `null` where it was not made: `problem` says why. */
  layerTar: z
    .strictObject({
      path: z.string().nullable(),
      members: z.int(),
      /** Listed in layer-left-out.jsonl. */
      leftOut: z.int(),
      problem: z.string().nullable(),
    })
    .nullable(),
  /** Of the image; `null` = not looked for. */
  packages: packagesSchema.nullable().default(null),
  volumes: z.array(volumeRecordSchema),
});
export type DiffSource = z.infer<typeof diffSourceSchema>;
