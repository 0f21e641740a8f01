/**
 * `EXHIBIT_TEST_SAMPLE=1`: another version of Node.js has run everything, this one is a further one. What is large or asked of other
 * programs many times, for no reason of Node.js, is then done smaller; no test is left out.
 */
export const isSampled = process.env['EXHIBIT_TEST_SAMPLE'] === '1';
