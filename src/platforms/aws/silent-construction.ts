/**
 * Makes a client of the SDK without its notice that Node.js 20 will be too old one day: standard error is for what the user must know.
 * The SDK emits it once a process, while the first client is constructed, and takes no option against it but an environment variable.
 */
export function silentConstruction<Client>(construct: () => Client): Client {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- It is put back as it was, and called with its own `this`.
  const { emitWarning } = process;
  process.emitWarning = (warning: string | Error, ...rest: never[]): void => {
    if (String(warning).includes('NodeVersionSupportWarning')) return;
    emitWarning.call(process, warning, ...rest);
  };
  try {
    return construct();
  } finally {
    process.emitWarning = emitWarning;
  }
}
