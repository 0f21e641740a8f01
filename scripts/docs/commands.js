import { page, table } from './markdown.js';

const call = (id) => `exhibit ${id.replaceAll(':', ' ')}`;
const text = (value) => (value ?? '').trim();

function usageOf(command) {
  const args = Object.values(command.args ?? {}).map((arg) =>
    arg.required ? arg.name.toUpperCase() : `[${arg.name.toUpperCase()}]`,
  );
  return [call(command.id), ...args].join(' ');
}

function flagRow([name, flag]) {
  const short = flag.char ? `\`-${flag.char}\`, ` : '';
  const value = flag.type === 'option' ? ` ${flag.helpValue ?? flag.options?.join('|') ?? name.toUpperCase()}` : '';
  const notes = [
    flag.required ? 'required' : '',
    flag.multiple && !/repeatable/.test(flag.summary ?? '') ? 'repeatable' : '',
  ]
    .filter(Boolean)
    .join(', ');
  return [`${short}\`--${name}${value}\``, text(flag.summary ?? flag.description) + (notes ? ` (${notes})` : '')];
}

const isOwn = ([, flag]) => !flag.hidden && !['GLOBAL', 'CLUSTER'].includes(flag.helpGroup);

function renderExample(example) {
  const command = typeof example === 'string' ? example : example.command;
  const lines = command.replaceAll('<%= config.bin %>', 'exhibit').replaceAll('<%= command.id %>', '').split('\n');
  const note = typeof example === 'string' ? [] : [`# ${text(example.description)}`];
  return [...note, ...lines.map((line) => line.replace(/^\$ /, '').replace(/\s+/g, ' ').trim())].join('\n');
}

function renderCommand(command) {
  const own = Object.entries(command.flags ?? {}).filter(isOwn);
  const args = Object.values(command.args ?? {}).map((arg) => [`\`${arg.name.toUpperCase()}\``, text(arg.description)]);
  const flags = own.map(flagRow);
  const examples = (command.examples ?? []).map(renderExample);
  // Descriptions carry a preformatted table of exit codes.
  const [first, ...rest] = text(command.description ?? command.summary).split('\n\n');
  const blocks = [
    `## \`${usageOf(command)}\``,
    text(command.summary) === first || !command.summary ? first : `${text(command.summary)}\n\n${first}`,
    ...rest.map((block) => (/\n {2,}\d/.test(`\n${block}`) ? `\`\`\`text\n${block}\n\`\`\`` : block)),
    args.length > 0 ? table(['Argument', 'Meaning'], args) : '',
    flags.length > 0 ? table(['Flag', 'Meaning'], flags) : '',
    examples.length > 0 ? `\`\`\`sh\n${examples.join('\n')}\n\`\`\`` : '',
  ];
  return blocks.filter(Boolean).join('\n\n');
}

function groupOf(commands, group) {
  const flags = commands.flatMap((command) => Object.entries(command.flags ?? {}));
  const rows = new Map(flags.filter(([, flag]) => flag.helpGroup === group && !flag.hidden));
  return [...rows.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(flagRow);
}

/** docs/commands.md from oclif.manifest.json; flags that every command shares stand once, at the top. */
export function renderCommands(manifest) {
  const commands = Object.values(manifest.commands).filter((command) => !command.hidden);
  commands.sort((a, b) => (a.id < b.id ? -1 : 1));
  const [shared, cluster] = [groupOf(commands, 'GLOBAL'), groupOf(commands, 'CLUSTER')];
  return page(
    'Commands',
    'stdout is the result and nothing else; everything else goes to stderr. `kubectl exhibit` is the same program.',
    table(
      ['Command', 'Does'],
      commands.map((one) => [`\`${call(one.id)}\``, text(one.summary ?? one.description).split('\n')[0]]),
    ),
    shared.length > 0 ? `## Flags of every command\n\n${table(['Flag', 'Meaning'], shared)}` : '',
    cluster.length > 0 ? `## Flags of commands that talk to a cluster\n\n${table(['Flag', 'Meaning'], cluster)}` : '',
    ...commands.map(renderCommand),
  );
}
