import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { parseProfileText } from '../../src/cli/profiles.js';
import { COLLECTORS } from '../../src/collectors/index.gen.js';
import { selectByProfile } from '../../src/model/profile.js';
import { denyCalico } from '../../src/plan/actions/deny-calico.js';
import { denyCilium } from '../../src/plan/actions/deny-cilium.js';
import { denyNetwork } from '../../src/plan/actions/deny-network.js';
import { denialOf } from '../../src/plan/deny-view.js';
import { QUARANTINE_LABEL } from '../../src/plan/quarantine-names.js';

const templates = resolve(import.meta.dirname, '../../templates');
const yamlFiles = readdirSync(templates, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.ya?ml$/.test(path))
  .sort();
const profiles = yamlFiles.filter((path) => path.startsWith('profiles/'));
const text = (path: string): string => readFileSync(join(templates, path), 'utf8');

const manifestSchema = z.looseObject({
  apiVersion: z.string().min(1),
  kind: z.string().min(1),
  metadata: z.looseObject({ name: z.string().regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/) }),
});

describe('templates', () => {
  it('ship at least the default profile', () => {
    expect(profiles).toContain('profiles/triage.yaml');
  });

  it.each(yamlFiles)('%s is YAML whose every document is an object with apiVersion, kind and name', (path) => {
    const documents = parseAllDocuments(text(path), { uniqueKeys: true });
    if (!Array.isArray(documents)) throw new Error(`${path} is empty`);
    for (const document of documents) {
      expect(document.errors).toEqual([]);
      expect(manifestSchema.safeParse(document.toJS({ maxAliasCount: 0 })).error).toBeUndefined();
    }
  });

  it.each(profiles)('%s is a valid profile, named as its file, and each of its entries matches a collector', (path) => {
    const profile = parseProfileText(path, text(path));
    expect(profile.metadata.name).toBe(basename(path, '.yaml'));
    expect(selectByProfile(profile, COLLECTORS).length).toBeGreaterThan(0);
  });

  it('a profile with an unknown collector or an unknown key would be found', () => {
    const good = parseProfileText('triage', text('profiles/triage.yaml'));
    expect(() => selectByProfile({ ...good, collectors: ['no-such-collector'] }, COLLECTORS)).toThrow(
      expect.objectContaining({ code: 'PROFILE_INVALID' }),
    );
    expect(() => parseProfileText('x', `${text('profiles/triage.yaml')}\nsurprise: 1\n`)).toThrow(
      expect.objectContaining({ code: 'PROFILE_INVALID' }),
    );
  });

  it.each([
    ['networkpolicy', denyNetwork, 'exhibit-quarantine', 'networking.k8s.io/v1'],
    ['cilium', denyCilium, 'exhibit-quarantine', 'cilium.io/v2'],
    ['calico', denyCalico, 'default.exhibit-quarantine', 'projectcalico.org/v3'],
  ])('the %s that is applied by hand is the one that a quarantine makes', (file, kind, name, apiVersion) => {
    const [document] = parseAllDocuments(text(`containment/deny-all.${file}.yaml`));
    const view = denialOf('CASE', { key: QUARANTINE_LABEL, value: 'CASE' });
    const { metadata, ...made } = kind.body(name, view) as { metadata: object };
    expect(document?.toJS()).toEqual({ apiVersion, ...made, metadata: { ...metadata, namespace: 'default' } });
    expect(kind.look(document?.toJS())).toEqual(view);
  });

  it('hold no key, token or password', () => {
    const all = readdirSync(templates, { recursive: true, encoding: 'utf8' }).filter((path) =>
      existsSync(join(templates, path)),
    );
    const secret = /-----BEGIN [A-Z ]*PRIVATE KEY|\beyJ[\w-]{20,}\.|AKIA[0-9A-Z]{16}|(password|token):\s*[^\s{]/i;
    const found = all.filter((path) => /\.\w+$/.test(path) && secret.test(text(path)));
    expect(found).toEqual([]);
  });
});
