import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Certificates } from './certificates.js';

export interface KubeconfigParts {
  readonly directory: string;
  readonly server: string;
  readonly certificates: Certificates;
  readonly token: string;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/**
 * Writes `kubeconfig`, `ca.crt` and `token` into the directory, each readable by the owner alone. JSON is YAML, so that every reader
 * of kubeconfigs takes it. Context `sandbox` uses the client certificate, `sandbox-token` the token's file.
 */
export async function writeKubeconfig({ directory, server, certificates, token }: KubeconfigParts): Promise<string> {
  const cluster = { server, 'certificate-authority-data': base64(certificates.authority) };
  const tokenPath = path.join(directory, 'token');
  const { certificate, key } = certificates.client;
  const config = {
    'apiVersion': 'v1',
    'kind': 'Config',
    'current-context': 'sandbox',
    'clusters': [{ name: 'sandbox', cluster }],
    'users': [
      { name: 'sandbox', user: { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) } },
      { name: 'sandbox-token', user: { tokenFile: tokenPath } },
    ],
    'contexts': ['sandbox', 'sandbox-token'].map((name) => ({ name, context: { cluster: 'sandbox', user: name } })),
  };
  const kubeconfigPath = path.join(directory, 'kubeconfig');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const options = { mode: 0o600 };
  await writeFile(path.join(directory, 'ca.crt'), certificates.authority, options);
  await writeFile(tokenPath, token, options);
  await writeFile(kubeconfigPath, `${JSON.stringify(config, null, 2)}\n`, options);
  return kubeconfigPath;
}
