import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { NodeMachine } from '../../src/ports/platform.js';

/** The little of a cluster's API that says which machine a node is and whose its volumes are. */
export class NodeApi {
  readonly kubeconfig: string;
  readonly #server: Server;
  readonly #answers = new Map<string, object>();

  constructor(directory: string) {
    this.kubeconfig = join(directory, 'kubeconfig');
    this.#server = createServer((request, response) => {
      const found = this.#answers.get((request.url ?? '').split('?')[0] ?? '');
      const body = found ?? { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 };
      response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    const server = `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
    const named = { clusters: [{ name: 'c', cluster: { server } }], users: [{ name: 'u', user: {} }] };
    const contexts = [{ name: 'c', context: { cluster: 'c', user: 'u' } }];
    const config = { 'apiVersion': 'v1', 'kind': 'Config', ...named, contexts, 'current-context': 'c' };
    writeFileSync(this.kubeconfig, JSON.stringify(config));
    this.claims({});
    return this;
  }

  node({ node: name, providerId: providerID, systemUuid: systemUUID, addresses }: NodeMachine): void {
    const status = { nodeInfo: { systemUUID }, addresses: addresses.map((address) => ({ type: 'Hostname', address })) };
    const metadata = { name, uid: `u-${name}` };
    this.#answers.set(`/api/v1/nodes/${name}`, {
      ...{ kind: 'Node', apiVersion: 'v1', metadata, spec: { providerID } },
      status,
    });
  }

  /** EBS volume by claim, as its CSI driver has it. */
  claims(volumes: Readonly<Record<string, string>>): void {
    const items = Object.entries(volumes).map(([claim, volumeHandle]) => {
      const [namespace, name] = claim.split('/');
      const csi = { driver: 'ebs.csi.aws.com', volumeHandle };
      const metadata = { name: `pv-${name ?? ''}` };
      const volume = { kind: 'PersistentVolume', metadata, spec: { csi, claimRef: { namespace, name } } };
      const claimed = {
        kind: 'PersistentVolumeClaim',
        metadata: { namespace, name },
        spec: { volumeName: metadata.name },
      };
      this.#answers.set(`/api/v1/persistentvolumes/${metadata.name}`, volume);
      this.#answers.set(`/api/v1/namespaces/${namespace ?? ''}/persistentvolumeclaims/${name ?? ''}`, claimed);
      return volume;
    });
    const list = { kind: 'PersistentVolumeList', apiVersion: 'v1', metadata: { resourceVersion: '1' }, items };
    this.#answers.set('/api/v1/persistentvolumes', list);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }
}
