import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A mutating webhook of our own that patches every pod of one namespace; `manifest` registers it. */
export interface MutatingWebhook {
  readonly manifest: object;
  close(): Promise<void>;
}

export async function startMutatingWebhook(
  address: string,
  { namespace, patch }: { readonly namespace: string; readonly patch: readonly object[] },
): Promise<MutatingWebhook> {
  const folder = mkdtempSync(join(tmpdir(), 'exhibit-webhook-'));
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'],
      ...['-keyout', 'key.pem', '-out', 'cert.pem', '-subj', '/CN=webhook', '-addext', `subjectAltName=IP:${address}`],
    ],
    { cwd: folder, stdio: 'pipe' },
  );
  const cert = readFileSync(join(folder, 'cert.pem'));
  const server = createServer({ cert, key: readFileSync(join(folder, 'key.pem')) }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const review = JSON.parse(Buffer.concat(chunks).toString()) as { apiVersion: string; request: { uid: string } };
      const answer = {
        uid: review.request.uid,
        allowed: true,
        patchType: 'JSONPatch',
        patch: Buffer.from(JSON.stringify(patch)).toString('base64'),
      };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ apiVersion: review.apiVersion, kind: 'AdmissionReview', response: answer }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const { port } = server.address() as AddressInfo;
  const webhook = {
    name: 'sidecar.exhibit.test',
    clientConfig: { url: `https://${address}:${String(port)}/`, caBundle: cert.toString('base64') },
    rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    failurePolicy: 'Fail',
  };
  return {
    manifest: {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: 'exhibit-lab-sidecar' },
      webhooks: [webhook],
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
