import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { filesUnder } from './files.js';
import { root } from './run.js';

/** CommonJS dependencies inside an ES module still call `require` for the modules of Node. */
const REQUIRE = [
  "import { createRequire as exhibitCreateRequire } from 'node:module';",
  'const require = exhibitCreateRequire(import.meta.url);',
].join('\n');

/** pdfkit loads the metrics of its fonts by a `require` of its own making, which no bundler follows (foliojs/pdfkit 0.20.1). */
const FONT_METRICS = {
  name: 'font-metrics-of-pdfkit',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]pdfkit\.node\.mjs$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      const contents = text.replaceAll("require$1('#standard-fonts/", "require('#standard-fonts/");
      if (contents === text) throw new Error(`${path} no longer loads its fonts as the bundle expects`);
      return { contents, loader: 'js' };
    });
  },
};

function entryPoints() {
  const commands = filesUnder('src/commands').filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'));
  const others = ['src/cli/main.ts', 'src/index.ts'].flatMap((path) => filesUnder(path));
  const entries = [...commands, ...others].filter((path) => !path.includes('/fixtures/'));
  return Object.fromEntries(entries.map((path) => [path.slice('src/'.length, -'.ts'.length), path]));
}

/**
 * One entry a command, with everything they share in chunks, so that a command loads what it uses and nothing else.
 * The framework stays outside: it finds its plugins by package. Returns esbuild's account of what went in.
 */
export async function bundle(outdir) {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: entryPoints(),
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    external: ['@oclif/*'],
    plugins: [FONT_METRICS],
    banner: { js: REQUIRE },
    chunkNames: 'chunks/[name]-[hash]',
    legalComments: 'none',
    keepNames: true,
    metafile: true,
    logLevel: 'warning',
    tsconfig: join(root, 'tsconfig.json'),
  });
  return metafile;
}
