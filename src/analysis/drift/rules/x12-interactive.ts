import { isWritten, type DriftRule } from '../drift-rule.js';

const TRACES =
  /\/\.(?:bash_history|ash_history|sh_history|zsh_history|history|python_history|node_repl_history|mysql_history|psql_history|rediscli_history|lesshst|viminfo|wget-hsts|sudo_as_admin_successful)$|\/\.[^/]+\.sw[op]$/;

export const interactive: DriftRule = {
  driftClass: 'X12',
  title: 'Somebody worked in it',
  judge: ({ entry, path }) =>
    isWritten(entry) && TRACES.test(path)
      ? { rule: 'interactive-trace', severity: 'medium', why: 'Written by a shell or a tool that a person uses.' }
      : null,
};
