/** What was seen of a containment at one moment. Names and texts of the cluster and of the node are untrusted. */

/** Where a connection was tried from or to. */
export interface ProbePlace {
  /** `suspect`: inside its network namespace. `uncontained`: a place of ours that no step is about. `named`: by the operator. */
  readonly who: 'suspect' | 'uncontained' | 'named';
  readonly address: string;
  /** `0` = none was taken. */
  readonly port: number;
}

/**
 * `through`: our own listener said who it is, or a destination that the operator named took the connection. `answered`: something took the
 * connection, and it was not our listener. `denied`: refused, unreachable, or no answer in time. `unknown`: it could not be tried.
 */
export type ProbeResult = 'through' | 'answered' | 'denied' | 'unknown';

/** One attempt at a TCP connection. */
export interface Probe {
  /** The suspect that it is about: `NAMESPACE/NAME`. */
  readonly pod: string;
  /** `control`: the same destination from an uncontained place, without which a denied one proves nothing. */
  readonly kind: 'egress' | 'ingress' | 'control';
  readonly from: ProbePlace;
  readonly to: ProbePlace;
  readonly result: ProbeResult;
  /** `refused`, `timeout`, `errno 113`; empty where it went through. */
  readonly detail: string;
  /** RFC 3339 UTC by our clock: when the answer was here. */
  readonly at: string;
  /** The operator expects that it stays reachable: it counts neither way. */
  readonly mayPass: boolean;
  /** Names what is tried: a probe and its control have the same one. */
  readonly target: string;
}

/** A TCP connection of a suspect with another machine. */
export interface Flow {
  readonly pod: string;
  /** Inode of the network namespace. */
  readonly namespace: string;
  readonly local: { readonly address: string; readonly port: number };
  readonly remote: { readonly address: string; readonly port: number };
}

/** What the policies of the cluster say of a suspect, by its labels as they are now. */
export interface PolicyView {
  readonly pod: string;
  /** `null` = there and readable; else why nothing is known. `gone` and `replaced`: there is nothing left to contain. */
  readonly unknown: string | null;
  readonly gone: boolean;
  readonly hostNetwork: boolean;
  readonly ingressAllowedBy: readonly string[];
  readonly egressAllowedBy: readonly string[];
  /** Directions that no policy restricts. */
  readonly unrestricted: readonly ('ingress' | 'egress')[];
}

/** A step of which nothing is left, or something else is there. */
export interface StepLost {
  readonly step: number;
  readonly name: string;
  readonly subject: string;
  /** `differs`, `gone`, `replaced`, `unreadable`. */
  readonly state: string;
  readonly now: unknown;
}

export interface CheckRound {
  /** Seconds after the last step for which it was asked; `0` = at once. */
  readonly afterSeconds: number;
  readonly at: string;
  readonly lost: readonly StepLost[];
  readonly policies: readonly PolicyView[];
  /** Policies that are served, and may hold for a suspect, and are not evaluated: `2 CiliumNetworkPolicies`. */
  readonly unevaluated: readonly string[];
  readonly probes: readonly Probe[];
  /** `null` = not known. */
  readonly flows: readonly Flow[] | null;
  /** What was not probed, and why. */
  readonly notProbed: readonly string[];
}

export interface ContainmentEvidence {
  /** `NAMESPACE/NAME`. */
  readonly suspects: readonly string[];
  /** Texts on steps that were not done. */
  readonly failures: readonly string[];
  readonly rounds: readonly CheckRound[];
  /** Before the first change; `null` = not known. */
  readonly flowsBefore: readonly Flow[] | null;
  /** Re-checks that were asked for and not made. */
  readonly missedSeconds: readonly number[];
}
