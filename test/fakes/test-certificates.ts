import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface KeyPair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Made by openssl, so that what is under test does not check its own work. All for `localhost` and 127.0.0.1 unless the name says otherwise. */
export interface TestCertificates {
  readonly ca: Buffer;
  readonly good: KeyPair;
  readonly expired: KeyPair;
  readonly wrongName: KeyPair;
  readonly selfSigned: KeyPair;
  readonly client: KeyPair;
}

const CONFIG = `
[ca]
default_ca = own
[own]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
`;

/** Certificates that live in memory only; the folder they are made in is removed. */
export function makeTestCertificates(): TestCertificates {
  const folder = mkdtempSync(join(tmpdir(), 'exhibit-certificates-'));
  const run = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  };
  const pair = (name: string): KeyPair => ({
    cert: readFileSync(join(folder, `${name}.pem`)),
    key: readFileSync(join(folder, `${name}.key`)),
  });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const issue = (name: string, alternative: string, dates: readonly string[] = ['-days', '2']): KeyPair => {
    run(
      'req',
      ...newKey,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      `/CN=${name}`,
      '-addext',
      `subjectAltName=${alternative}`,
    );
    run(
      'ca',
      '-batch',
      '-config',
      'ca.cnf',
      '-cert',
      'ca.pem',
      '-keyfile',
      'ca.key',
      '-in',
      `${name}.csr`,
      '-out',
      `${name}.pem`,
      '-notext',
      ...dates,
    );
    return pair(name);
  };
  try {
    writeFileSync(join(folder, 'ca.cnf'), CONFIG);
    writeFileSync(join(folder, 'index.txt'), '');
    writeFileSync(join(folder, 'serial'), '01');
    run('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=test authority');
    run(
      'req',
      '-x509',
      ...newKey,
      '-keyout',
      'self.key',
      '-out',
      'self.pem',
      '-days',
      '2',
      '-subj',
      '/CN=self',
      '-addext',
      'subjectAltName=DNS:localhost,IP:127.0.0.1',
    );
    return {
      ca: readFileSync(join(folder, 'ca.pem')),
      good: issue('good', 'DNS:localhost,IP:127.0.0.1'),
      expired: issue('expired', 'DNS:localhost,IP:127.0.0.1', [
        '-startdate',
        '20200101000000Z',
        '-enddate',
        '20200201000000Z',
      ]),
      wrongName: issue('wrong', 'DNS:elsewhere.test'),
      selfSigned: pair('self'),
      client: issue('client', 'DNS:client.test'),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
