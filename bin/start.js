import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const OLDEST_NODE = [20, 19];

/**
 * A bare `--version` is answered before the program is loaded: it is what a hurried human and every script ask first.
 * `bin` is how the program was called, and how its help calls it.
 */
export async function start(bin) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    process.stderr.write(`exhibit needs Node.js ${OLDEST_NODE.join('.')} or later; this is ${process.versions.node}\n`);
    process.exitCode = 2;
    return;
  }
  const root = fileURLToPath(new URL('..', import.meta.url));
  const argv = process.argv.slice(2);
  if (argv.length === 1 && argv[0] === '--version') {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    process.stdout.write(`exhibit/${version} ${process.platform}-${process.arch} node-${process.version}\n`);
    return;
  }
  if (!existsSync(new URL('../dist/cli/main.js', import.meta.url))) {
    process.stderr.write('exhibit is not built in this checkout yet: npm ci && npm run build\n');
    process.exitCode = 2;
    return;
  }
  const { runProcess } = await import('../dist/cli/main.js');
  await runProcess({ root, argv, bin });
}
