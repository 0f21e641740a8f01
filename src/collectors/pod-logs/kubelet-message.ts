/** Longest body that can be a sentence of the kubelet rather than a log. Bytes. */
const MAX_MESSAGE_BYTES = 4096;
const MAX_MESSAGE_LINES = 3;

/** How the sentences begin that kubelets send with status 200 in place of a log (kubernetes/kubernetes#142258). */
const KNOWN =
  /^(?:unable to retrieve container logs for [a-z-]+:\/\/|failed to (?:try resolving symlinks|open log file|watch|create|get|find|start)|rpc error: code = |an error occurred when try to find container|Error grabbing logs|failed to load container|open \/var\/log\/pods\/)/;

export interface UntimedBody {
  readonly beginning: Buffer;
  readonly sizeBytes: number;
  readonly lines: number;
}

/** Whether a body in which no line has a time is a sentence of the kubelet. Longer ones come from servers that ignore `timestamps`. */
export function isKubeletMessage({ sizeBytes, lines }: Pick<UntimedBody, 'sizeBytes' | 'lines'>): boolean {
  return sizeBytes > 0 && sizeBytes <= MAX_MESSAGE_BYTES && lines <= MAX_MESSAGE_LINES;
}

/** Whether the sentence is one that we know. */
export function isKnownMessage(beginning: Buffer): boolean {
  return KNOWN.test(beginning.toString('latin1'));
}
