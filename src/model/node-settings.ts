import { z } from 'zod';

const sshDestinationSchema = z.strictObject({
  /** The name of the Node object that this is the way to. */
  node: z.string(),
  /** `null` = as ssh decides. */
  user: z.string().nullable(),
  /** A name, an address or an alias of the ssh configuration; an IPv6 address without brackets. */
  host: z.string(),
  port: z.int().min(1).max(65_535).nullable(),
});
export type SshDestination = z.infer<typeof sshDestinationSchema>;

export const sshSettingsSchema = z.strictObject({
  destinations: z.array(sshDestinationSchema).readonly(),
  /** Nodes without a destination are reached at their InternalIP as this user; `null` = they are not reached. */
  internalIpUser: z.string().nullable(),
  /** Instead of the user's own configuration. */
  configFile: z.string().nullable(),
  /** Instead of the known_hosts files that the configuration names. */
  knownHostsFile: z.string().nullable(),
  /** Scripts run through `sudo -n`. */
  sudo: z.boolean(),
});
export type SshSettings = z.infer<typeof sshSettingsSchema>;

export const NO_SSH: SshSettings = {
  destinations: [],
  internalIpUser: null,
  configFile: null,
  knownHostsFile: null,
  sudo: false,
};

/** What one node may be asked for at once: 50 MiB/s. */
export const NODE_RATE_BYTES_PER_SECOND = 50 * 1024 * 1024;
