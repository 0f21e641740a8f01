/**
 * The one place that makes adapters and hands them in as ports. Everything is made on first use: the cluster client and the sandbox
 * load only where a command needs them.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CaseStore } from '../evidence/case-store.js';
import { systemClock, systemIds } from '../lib/clock.js';
import { ExhibitError } from '../model/errors.js';
import type { Tool } from '../model/exhibit.js';
import type { Clock, Ids } from '../ports/clock.js';
import type { ClusterReader } from '../ports/cluster-reader.js';
import type { ClusterTools } from '../ports/cluster-tools.js';
import type { S3DestinationOptions } from '../platforms/aws/s3-destination.js';
import type { Collector } from '../ports/collector.js';
import type { Destination } from '../ports/destination.js';
import type { Io } from '../ports/io.js';
import type { NodeAccessRung, NodeFacts } from '../ports/node-access.js';
import type { PassphraseSource } from '../ports/passphrase-source.js';
import type { RequestLog } from '../ports/request-log.js';
import type { Platform } from '../ports/platform.js';
import type { Signer } from '../ports/signer.js';
import type { Timestamper } from '../ports/timestamper.js';
import type { CollectDeps, RungRecords, RungRequest } from '../workflows/collect-request.js';
import { type ClusterFlagValues, clusterGlobalsOf } from './cluster-globals.js';
import { type ConfigFile, readConfigFile } from './config-file.js';
import { type Environment, variableOf } from './environment.js';
import type { ClusterTarget, ContextOptions, PlatformOptions } from './context-options.js';
import { DEFAULT_KEY, type KeyReference, parseKeyReference } from './key-reference.js';
import { type Locations, locationsOf } from './locations.js';
import { openSigner } from './open-signer.js';
import { type ClosablePassphrases, descriptorPassphrases } from './passphrase-fd.js';
import { terminalPassphrases } from './passphrase-source.js';
import { programOf, sbomOf } from './program.js';
import { resolveSetting, type Setting } from './settings.js';
import { readGivenTrust, type TrustList } from './trust-list.js';

export class Context {
  readonly environment: Environment;
  readonly io: Io;
  readonly signal: AbortSignal;
  readonly clock: Clock = systemClock;
  readonly ids: Ids = systemIds;
  readonly locations: Locations;
  readonly #options: ContextOptions;
  readonly #closers: (() => Promise<void>)[] = [];
  readonly #descriptors = new Map<string, ClosablePassphrases>();
  #config: ConfigFile | undefined;

  constructor(options: ContextOptions) {
    this.#options = options;
    this.environment = options.environment;
    this.io = options.io;
    this.signal = options.signal;
    this.locations = locationsOf(options.environment);
  }

  get config(): ConfigFile {
    this.#config ??= readConfigFile(this.locations.configFile);
    return this.#config;
  }

  get templatesDirectory(): string {
    return join(this.#options.root, 'templates');
  }

  get scratchDirectory(): string {
    return tmpdir();
  }

  async store(): Promise<CaseStore> {
    const { openCaseStore } = await import('../evidence/case-store.js');
    return openCaseStore({
      casesDirectory: this.locations.casesDirectory,
      clock: this.clock,
      ids: this.ids,
      io: this.io,
    });
  }

  get os(): { readonly user: string; readonly host: string } {
    return { user: this.environment.osUser, host: this.environment.host };
  }

  async tool(): Promise<Tool> {
    return await programOf(this.#options.root, this.#options.version);
  }

  async sbom(): Promise<Buffer> {
    return await sbomOf(this.#options.root, this.#options.version);
  }

  /** The case that was named by flag, environment or configuration, else the one in use; `null` = none. */
  async namedCase(): Promise<string | null> {
    const { value } = resolveSetting<string | null>({
      flag: this.#options.caseFlag,
      environment: variableOf(this.environment, 'EXHIBIT_CASE'),
      config: this.config.case,
      default: null,
    });
    return value ?? (await (await this.store()).current());
  }

  /** As `namedCase`; throws `CASE_INVALID` when there is none. */
  async caseId(): Promise<string> {
    const caseId = await this.namedCase();
    if (caseId !== null) return caseId;
    throw new ExhibitError('CASE_INVALID', 'no case is in use and none was named', {
      hints: ['exhibit case list', 'exhibit case open'],
    });
  }

  keySetting(flag: string | undefined): Setting<string> {
    return resolveSetting({
      flag,
      environment: variableOf(this.environment, 'EXHIBIT_KEY'),
      config: this.config.key,
      default: DEFAULT_KEY,
    });
  }

  #keyReference(key: string): KeyReference {
    return parseKeyReference(key, { ...this.environment, keysDirectory: this.locations.keysDirectory });
  }

  /** The file of the key, or its name where it has no file. */
  keyPath(flag: string | undefined): string {
    const { value } = this.keySetting(flag);
    const reference = this.#keyReference(value);
    if (reference.kind === 'file') return reference.path;
    return reference.kind === 'agent' ? reference.publicKeyPath : value;
  }

  /** A descriptor, else the terminal. A descriptor gives each line once, to whoever asks next. */
  passphrases(descriptor: string | undefined): PassphraseSource {
    if (descriptor === undefined) return terminalPassphrases(this.#options.answers);
    const source = this.#descriptors.get(descriptor) ?? descriptorPassphrases(descriptor, this.signal);
    this.#descriptors.set(descriptor, source);
    return source;
  }

  /** Opens a signing key of any kind. Throws `KEY_INVALID`, `PASSPHRASE_WRONG`, `DECLINED`, `SIGNER_UNAVAILABLE`. */
  async signer(flag: string | undefined, passphrases = this.passphrases(undefined)): Promise<Signer> {
    const setting = this.keySetting(flag);
    const { environment, io, signal } = this;
    return await openSigner(this.#keyReference(setting.value), setting, {
      environment,
      io,
      signal,
      passphrases,
      kmsKey: async (keyId) => {
        const { createKmsKey } = await import('../platforms/aws/kms-key.js');
        return createKmsKey({ keyId, variables: environment.variables, signal });
      },
    });
  }

  /**
   * --allowed-signers, EXHIBIT_ALLOWED_SIGNERS, the configuration, the user's own list; `null` = no trust was given. With the keys of
   * --revoked, EXHIBIT_REVOKED or the configuration, which it trusts no longer.
   */
  async trustList(flag: string | undefined, revokedFlag?: string): Promise<TrustList | null> {
    const { environment, config, locations } = this;
    const own = locations.allowedSignersFile;
    return await readGivenTrust({ allowedSigners: flag, revoked: revokedFlag }, { environment, config, own });
  }

  async timestamper(url: string): Promise<Timestamper> {
    const { createHttpTimestamper } = await import('../http/http-timestamper.js');
    return createHttpTimestamper({
      url,
      userAgent: `exhibit/${this.#options.version}`,
      variables: this.environment.variables,
      clock: this.clock,
      onRetry: (text) => {
        this.io.emit('TIMESTAMP_RETRY', text);
      },
    });
  }

  async bucket(options: S3DestinationOptions): Promise<Destination> {
    return (await import('../platforms/aws/s3-destination.js')).createS3Destination(options);
  }

  /** `caseToken` is all that the cloud learns of the case. Closed with the command. */
  async aws({ caseToken, requestLog }: PlatformOptions): Promise<Platform> {
    const { createAwsPlatform } = await import('../platforms/aws/aws-platform.js');
    const { variables } = this.environment;
    const platform = createAwsPlatform({ ...this.#callDeps(requestLog, caseToken), variables, signal: this.signal });
    const close = async (): Promise<void> => await Promise.resolve().then(() => platform.close());
    this.#closers.push(close);
    return platform;
  }

  clusterTarget(flags: ClusterFlagValues): ClusterTarget {
    return { globals: clusterGlobalsOf(flags, this.environment, this.config), variables: this.environment.variables };
  }

  /** Connects when it is called; `caseToken` is all that the server learns of the case. */
  connector(target: ClusterTarget, caseToken: string): (requestLog: RequestLog) => Promise<ClusterReader> {
    return async (requestLog) => {
      const [{ resolveTarget }, { connectCluster }] = await Promise.all([
        import('../cluster/resolve-target.js'),
        import('../cluster/connect.js'),
      ]);
      const connection = await resolveTarget(target);
      return connectCluster(connection, { ...this.#callDeps(requestLog, caseToken), signal: this.signal });
    };
  }

  /** As `connector`, to change the cluster too: its calls outlive an interruption, so that what was made is removed again. */
  async clusterTools(target: ClusterTarget, caseToken: string, requestLog: RequestLog): Promise<ClusterTools> {
    const { connectTools } = await import('../cluster/connect-tools.js');
    const tools = await connectTools(target, this.#callDeps(requestLog, caseToken));
    this.#closers.push(() => tools.close());
    return tools;
  }

  #callDeps(requestLog: RequestLog, caseToken: string) {
    const { clock, ids, io } = this;
    return { requestLog, clock, ids, io, userAgent: `exhibit/${this.#options.version} case/${caseToken}` };
  }

  async collectDeps(caseId: string, target: ClusterTarget): Promise<CollectDeps> {
    const { clock, ids, io, os, signal } = this;
    return {
      ...{ clock, ids, io, os, signal, caseId },
      store: await this.store(),
      tool: await this.tool(),
      collectors: await this.collectors(),
      connect: this.connector(target, caseId),
      checkpointer: async (requestLog) => (await this.clusterTools(target, caseId, requestLog)).actuator,
      rungs: async (request, records) => await this.#rungs(request, { records, target, caseToken: caseId }),
    };
  }

  async #rungs(
    request: RungRequest,
    { records, target, caseToken }: { records: RungRecords; target: ClusterTarget; caseToken: string },
  ): Promise<readonly NodeAccessRung[]> {
    const { makeRungs } = await import('../node-access/make-rungs.js');
    const { clock, ids, scratchDirectory } = this;
    const material = { clock, ids, scratchDirectory, variables: this.environment.variables };
    const { collectorPod: settings, nodeRateBytesPerSecond: rateBytesPerSecond } = request;
    if (settings === null) return makeRungs(request, material);
    const { collectorPodRung } = await import('../node-access/collector-pod/collector-pod.js');
    const tools = await this.clusterTools(target, caseToken, records.requests);
    const pod = { ...tools, clock, ids, settings, caseToken, rateBytesPerSecond, record: records.changes };
    return makeRungs(request, { ...material, made: [collectorPodRung(pod)] });
  }

  /** What reads snapshots of EBS block by block, and what makes them. */
  ebsBlocks = async () => await import('../platforms/aws/ebs/ebs-blocks.js');
  ec2Snapshots = async () => await import('../platforms/aws/snapshots/ec2-snapshots.js');

  /** Makes the ways to the nodes of a cluster, and writes down what they ask of it and change in it. */
  rungsTo(request: RungRequest, { target, caseToken }: { readonly target: ClusterTarget; readonly caseToken: string }) {
    return async (records: RungRecords): Promise<readonly NodeAccessRung[]> =>
      await this.#rungs(request, { records, target, caseToken });
  }

  /** What this machine has mounted of disk images. */
  imageMounts = async () => await import('../node-access/disk-image/image-mounts.js');

  /** What this machine, or the disk that is mounted at `path`, says of itself. Throws `NODE_ACCESS_REFUSED`. */
  async nodeFacts({ path }: { readonly path?: string }): Promise<NodeFacts> {
    const { factsHere } = await import('../node-access/facts-here.js');
    return await factsHere(path, { clock: this.clock, ids: this.ids }, this.signal);
  }

  /** A cluster of our own on loopback, until the command ends. It sees nothing of the user's kubeconfig and proxies. */
  async startSandbox(): Promise<ClusterTarget> {
    const { startSandbox } = await import('../sandbox/start-sandbox.js');
    const directory = await mkdtemp(join(this.scratchDirectory, 'exhibit-sandbox-'));
    this.#closers.push(() => rm(directory, { recursive: true, force: true }));
    const sandbox = await startSandbox({ directory, clock: this.clock, ids: this.ids });
    this.#closers.push(() => sandbox.stop());
    return { globals: { kubeconfig: sandbox.kubeconfigPath, context: 'sandbox' }, variables: {} };
  }

  async credentialExpiry(target: ClusterTarget) {
    return await (await import('../cluster/credential-expiry.js')).credentialExpiry(target, this.clock);
  }

  /** What a kubeconfig names. */
  contextLists = async () => await import('../cluster/list-contexts.js');

  async collectors(): Promise<readonly Collector[]> {
    const { COLLECTORS } = await import('../collectors/index.gen.js');
    return COLLECTORS;
  }

  /** Everything that was opened and outlives a call; closed in reverse order. */
  async close(): Promise<void> {
    for (const source of this.#descriptors.values()) source.close();
    for (const closer of this.#closers.reverse()) await closer();
  }
}
