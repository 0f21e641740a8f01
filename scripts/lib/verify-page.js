// verify.html: one file that checks an archive in a browser, made of src/report/verify-page.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { sha256Of } from './files.js';
import { root } from './run.js';

const SOURCE = join(root, 'src/report/verify-page');

/** Modules of Node stand beside pure functions in a few files that the page shares; nothing of them is left after unused code is dropped. */
const WITHOUT_NODE = {
  name: 'without-node',
  setup(context) {
    context.onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: 'node', sideEffects: false }));
    context.onLoad({ filter: /.*/, namespace: 'node' }, () => ({ contents: 'module.exports = {};' }));
  },
};

async function bundled(entry, options) {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [join(SOURCE, entry)],
    bundle: true,
    write: false,
    target: 'es2022',
    legalComments: 'none',
    logLevel: 'warning',
    tsconfig: join(SOURCE, 'tsconfig.json'),
    ...options,
  });
  return outputFiles[0].text;
}

/** The shapes of records, from the program's own schemas. */
async function recordSchemas() {
  const code = await bundled('record-schemas.ts', { format: 'esm', platform: 'node' });
  const module = await import(`data:text/javascript;base64,${Buffer.from(code).toString('base64')}`);
  return module.recordSchemas();
}

async function pageScript() {
  const script = await bundled('main.ts', {
    format: 'iife',
    platform: 'browser',
    charset: 'ascii',
    banner: { js: `const RECORD_SCHEMAS = ${JSON.stringify(await recordSchemas())};` },
    plugins: [WITHOUT_NODE],
  });
  if (/__require|module\.exports/.test(script)) throw new Error('verify.html would ask for a module of Node');
  if (/<\/script|<!--/i.test(script)) throw new Error('the script of verify.html would end its own element');
  return script;
}

function policyFor(script, style) {
  const hashOf = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  return [
    `default-src 'none'`,
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    `base-uri 'none'`,
    `form-action 'none'`,
    `require-trusted-types-for 'script'`,
    `trusted-types 'none'`,
  ].join('; ');
}

/** Writes verify.html and verify.html.sha256, as sha256sum writes it, into `folder`. Returns the digest. The same sources give the same bytes. */
export async function writeVerifyPage(folder, version) {
  const script = `\n${await pageScript()}`;
  const style = `\n${readFileSync(join(SOURCE, 'page.css'), 'utf8')}`;
  const parts = { script, style, version, policy: policyFor(script, style) };
  const template = readFileSync(join(SOURCE, 'page.html'), 'utf8');
  const page = template.replace(
    /\s*\/\* (script|style) \*\/\s*|\{\{(version|policy)\}\}/g,
    (_whole, block, inline) => parts[block ?? inline],
  );
  if (!page.includes(`<script>${script}</script>`) || !page.includes(`<style>${style}</style>`))
    throw new Error('page.html has no place for the script or the style of verify.html');
  const digest = sha256Of(page);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'verify.html'), page);
  writeFileSync(join(folder, 'verify.html.sha256'), `${digest}  verify.html\n`);
  return digest;
}
