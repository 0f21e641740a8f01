function beforeDoubleDash(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--');
  return end === -1 ? argv : argv.slice(0, end);
}

/**
 * What the command line asks for when it could not be parsed, or not yet: an error must still come out in the form that was wanted.
 */
export function outputWish(argv: readonly string[]): { readonly json: boolean; readonly debug: boolean } {
  const words = beforeDoubleDash(argv);
  const json = words.some(
    (word, index) =>
      word === '--json' ||
      ['-o=json', '-ojson', '--output=json'].includes(word) ||
      ((word === '-o' || word === '--output') && words[index + 1] === 'json'),
  );
  return { json, debug: words.includes('--debug') };
}

/** The words before the first flag: what may be a command. */
export function commandWords(argv: readonly string[]): readonly string[] {
  const end = argv.findIndex((word) => word.startsWith('-'));
  return end === -1 ? argv : argv.slice(0, end);
}
