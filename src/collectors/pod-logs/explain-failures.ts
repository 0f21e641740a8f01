/** What each word in `proof.failed` means. */
const SENTENCES: Readonly<Record<string, string>> = {
  'cut': 'The connection broke off before the answer was complete.',
  'timeout': 'The source went silent before the answer was complete.',
  'limit': 'The log is longer than the limit that was set.',
  'container-changed': 'The container restarted since it was planned or while its log was read.',
  'container-unknown': 'The API does not say which instance of the container the log is of.',
  'kubelet-message': 'The answer ends with a sentence of the kubelet, not with a line of the container.',
  'no-second-read': 'The log was not read a second time to prove where it ends.',
  'no-date': 'The answer carries no date to compare the lines with.',
  'last-line-without-time': 'The last line has no time from which a second read could begin.',
  'last-line-not-returned':
    'A second read did not return the last line of the first: the log was probably rotated in between.',
  'lines-missed': 'A second read returned lines that the first answer should have had.',
  'node-clock-ahead':
    'A line is later than the answer that brought it: the clock of the node is ahead, and lost lines could pass as newer ones.',
};

const PATTERNS: readonly (readonly [RegExp, (found: string) => string])[] = [
  [/^second-read-status-(\d+)$/, (status) => `The second read, which would prove the end, was answered ${status}.`],
  [/^second-read-(.+)$/, (end) => `The second read, which would prove the end, did not end well: ${end}.`],
  [/^lines-without-time-(\d+)$/, (count) => `Lines without a time, which the container did not write: ${count}.`],
  [/^pod-(.+)-before$/, (state) => `Before the log was read, its pod was ${state}.`],
  [/^pod-(.+)-after$/, (state) => `When the log had been read, its pod was ${state}.`],
];

function explain(word: string): string {
  const sentence = SENTENCES[word];
  if (sentence !== undefined) return sentence;
  for (const [pattern, render] of PATTERNS) {
    const found = pattern.exec(word)?.[1];
    if (found !== undefined) return render(found);
  }
  return `${word}.`;
}

/** Sentences for people, one for each word in `proof.failed`. */
export function explainFailures(failed: readonly string[]): string {
  return failed.map(explain).join(' ');
}
