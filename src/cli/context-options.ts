import type { KubeGlobals } from '../model/kube-globals.js';
import type { Io } from '../ports/io.js';
import type { RequestLog } from '../ports/request-log.js';
import type { Answers } from './confirm.js';
import type { Environment } from './environment.js';

export interface ContextOptions {
  readonly environment: Environment;
  readonly io: Io;
  readonly signal: AbortSignal;
  /** Folder of package.json. */
  readonly root: string;
  readonly version: string;
  readonly caseFlag: string | undefined;
  /** Whether and how a person can be asked. */
  readonly answers: Answers;
}

export interface PlatformOptions {
  readonly caseToken: string;
  readonly requestLog: RequestLog;
}

/** Which cluster to talk to. */
export interface ClusterTarget {
  readonly globals: KubeGlobals;
  /** For kubeconfig rules, proxies and credential plugins. */
  readonly variables: Environment['variables'];
}
