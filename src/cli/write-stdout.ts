import { errnoOf, ExhibitError } from '../model/errors.js';

/**
 * Writes to stdout and waits until the bytes are out. A reader that went away (`| head`) is no error; a full disk is.
 * Throws `STORAGE_FAILED`.
 */
export async function writeStdout(text: string): Promise<void> {
  const error = await new Promise<Error | null | undefined>((resolve) => {
    process.stdout.write(text, 'utf8', resolve);
  });
  if (error === null || error === undefined || errnoOf(error) === 'EPIPE') return;
  throw new ExhibitError(
    'STORAGE_FAILED',
    `the result could not be written to standard output (${errnoOf(error) ?? 'unknown'})`,
    {
      subject: 'standard output',
      cause: error,
      hints: ['exhibit case show'],
      safe: 'What the command did stands; only its printed result is lost.',
    },
  );
}
