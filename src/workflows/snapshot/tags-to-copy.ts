import type { SourceVolume } from './snapshot-source.js';

/** Tags that a snapshot can have. */
const MAX_TAGS = 50;
/** That of the case and that of the attempt. */
const OURS = 2;
const ROOM = MAX_TAGS - OURS;

type TaggedVolume = Pick<SourceVolume, 'id' | 'tags'>;

export interface TagsToCopy {
  /** EC2 copies the tags of each volume to its snapshot; only where all of them fit. */
  readonly isCopiedByPlatform: boolean;
  /** To be set by us on every snapshot of the call instead. */
  readonly tags: Readonly<Record<string, string>>;
  /** By volume, tags that its snapshot does not bear. */
  readonly left: readonly { readonly volume: string; readonly keys: readonly string[] }[];
}

/** The platform's own are copied by nobody. */
function ownTags({ tags }: TaggedVolume): readonly (readonly [string, string])[] {
  return Object.entries(tags).filter(([key]) => !key.toLowerCase().startsWith('aws:'));
}

/**
 * What of the tags of volumes their snapshots can bear beside ours. A call sets the same tags on all that it makes, so that where one
 * volume has too many, only those are set that all volumes have alike, the first by name that fit. `isSet`: the call is about a machine.
 */
export function tagsToCopy(volumes: readonly TaggedVolume[], isSet: boolean): TagsToCopy {
  if (isSet && volumes.every((volume) => ownTags(volume).length <= ROOM))
    return { isCopiedByPlatform: true, tags: {}, left: [] };
  const [first, ...others] = volumes;
  const alike = first === undefined ? [] : ownTags(first).filter(([key, value]) => isOfAll(others, key, value));
  const tags = Object.fromEntries([...alike].sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, ROOM));
  const left = volumes
    .map((volume) => ({
      volume: volume.id,
      keys: ownTags(volume).flatMap(([key]) => (Object.hasOwn(tags, key) ? [] : [key])),
    }))
    .filter(({ keys }) => keys.length > 0);
  return { isCopiedByPlatform: false, tags, left };
}

function isOfAll(volumes: readonly TaggedVolume[], key: string, value: string): boolean {
  return volumes.every(({ tags }) => tags[key] === value);
}

/** One sentence for each volume whose snapshot will not bear all of its tags. */
export function tagsLeftText(volumes: readonly TaggedVolume[], isSet: boolean): readonly string[] {
  return tagsToCopy(volumes, isSet).left.map(
    ({ volume, keys }) =>
      `a snapshot can have ${String(MAX_TAGS)} tags, two of them ours: of ${volume} these are in the record alone: ${keys.join(', ')}`,
  );
}
