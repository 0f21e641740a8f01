import { Flags } from '@oclif/core';

/** The flags of every command. */
export const baseFlags = {
  'json': Flags.boolean({ default: false, helpGroup: 'GLOBAL', summary: 'Print the result as one JSON document.' }),
  'events': Flags.string({
    helpGroup: 'GLOBAL',
    helpValue: 'jsonl[=FILE]',
    summary: 'Stream coded messages and progress as JSON lines, to stderr or to a file.',
  }),
  'case': Flags.string({
    helpGroup: 'GLOBAL',
    helpValue: 'ID',
    summary: 'The case to work on (EXHIBIT_CASE; default: the one in use).',
  }),
  'yes': Flags.boolean({ default: false, char: 'y', helpGroup: 'GLOBAL', summary: 'Answer every question with yes.' }),
  'no-input': Flags.boolean({
    default: false,
    helpGroup: 'GLOBAL',
    summary: 'Never ask; a question without --yes is then declined.',
  }),
  'quiet': Flags.boolean({
    default: false,
    char: 'q',
    helpGroup: 'GLOBAL',
    exclusive: ['verbose'],
    summary: 'Warnings and errors only, no progress.',
  }),
  'verbose': Flags.boolean({
    default: false,
    helpGroup: 'GLOBAL',
    summary: 'Say what happens to each artifact and request.',
  }),
  'debug': Flags.boolean({
    default: false,
    helpGroup: 'GLOBAL',
    summary: 'As --verbose, and show the stack of a bug.',
  }),
};

/** kubectl's global flags, for commands that talk to a cluster. Those that carry a secret do not exist: see secrets-in-argv.ts. */
export const clusterFlags = {
  'kubeconfig': Flags.string({
    helpGroup: 'CLUSTER',
    helpValue: 'FILE',
    summary: 'Path to the kubeconfig (KUBECONFIG).',
  }),
  'context': Flags.string({
    helpGroup: 'CLUSTER',
    helpValue: 'NAME',
    summary: 'The kubeconfig context (EXHIBIT_CONTEXT).',
  }),
  'cluster': Flags.string({ helpGroup: 'CLUSTER', helpValue: 'NAME', summary: 'The kubeconfig cluster.' }),
  'user': Flags.string({ helpGroup: 'CLUSTER', helpValue: 'NAME', summary: 'The kubeconfig user.' }),
  'server': Flags.string({ char: 's', helpGroup: 'CLUSTER', helpValue: 'URL', summary: 'Address of the API server.' }),
  'as': Flags.string({ helpGroup: 'CLUSTER', helpValue: 'NAME', summary: 'User to impersonate.' }),
  'as-group': Flags.string({
    helpGroup: 'CLUSTER',
    helpValue: 'NAME',
    multiple: true,
    multipleNonGreedy: true,
    summary: 'Group to impersonate; repeatable.',
  }),
  'as-uid': Flags.string({ helpGroup: 'CLUSTER', helpValue: 'UID', summary: 'UID to impersonate.' }),
  'as-user-extra': Flags.string({
    helpGroup: 'CLUSTER',
    helpValue: 'KEY=VALUE',
    multiple: true,
    multipleNonGreedy: true,
    summary: 'Extra attribute to impersonate; repeatable.',
  }),
  'request-timeout': Flags.string({
    helpGroup: 'CLUSTER',
    helpValue: 'DURATION',
    summary: 'Time that a single request may take; 0 = no limit.',
  }),
  'insecure-skip-tls-verify': Flags.boolean({
    default: false,
    helpGroup: 'CLUSTER',
    summary: 'Do not check the certificate of the server. The custody log says so.',
  }),
  'tls-server-name': Flags.string({
    helpGroup: 'CLUSTER',
    helpValue: 'NAME',
    summary: 'Name to expect in the certificate of the server.',
  }),
  'proxy-url': Flags.string({ helpGroup: 'CLUSTER', helpValue: 'URL', summary: 'Proxy to use for the API server.' }),
  'certificate-authority': Flags.string({
    helpGroup: 'CLUSTER',
    helpValue: 'FILE',
    summary: 'Certificate authority of the API server.',
  }),
  'client-certificate': Flags.string({ helpGroup: 'CLUSTER', helpValue: 'FILE', summary: 'Client certificate.' }),
  'client-key': Flags.string({ helpGroup: 'CLUSTER', helpValue: 'FILE', summary: 'Key of the client certificate.' }),
};

export const OUTPUT_FORMATS = ['text', 'wide', 'name', 'json', 'yaml', 'ndjson'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** For commands that show a list. */
export const outputFlags = {
  output: Flags.option({ options: OUTPUT_FORMATS, multiple: false })({
    char: 'o',
    exclusive: ['json'],
    summary: 'Form of the result.',
    default: 'text',
  }),
};
