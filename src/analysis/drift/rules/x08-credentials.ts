import { isWritten, type DriftRule } from '../drift-rule.js';

const PLACES =
  /\/\.kube\/config$|\/(?:admin|kubelet|super-admin)\.conf$|kubeconfig|\/\.aws\/credentials$|\/\.config\/gcloud\/|\/\.azure\/|\/\.docker\/config\.json$|\/\.ssh\/id_[a-z0-9]+$|\/\.netrc$|\/\.git-credentials$|\/\.vault-token$|\/\.pgpass$/;

const MARKS: Readonly<Record<string, string>> = {
  'private-key': 'a private key',
  'aws-key': 'a key of AWS',
  'service-account-token': 'a token of a service account',
  'kubeconfig': 'a kubeconfig with a key',
};

export const credentials: DriftRule = {
  driftClass: 'X8',
  title: 'Credentials were written',
  judge: ({ entry, path }) => {
    if (!isWritten(entry) || entry.type !== 'file' || entry.sizeBytes === 0) return null;
    const mark = entry.sniff?.marks.find((name) => Object.hasOwn(MARKS, name));
    if (mark !== undefined)
      return { rule: mark, severity: 'high', why: `It looks as if ${MARKS[mark] ?? 'a secret'} stands in it.` };
    return PLACES.test(path) ? { rule: 'credential-file', severity: 'high', why: 'Credentials are kept here.' } : null;
  },
};
