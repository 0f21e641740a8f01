import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { COLLECTORS } from '../collectors/index.gen.js';
import { selectByProfile } from '../model/profile.js';
import { loadProfile, parseProfileText } from './profiles.js';

const shippedDirectory = join(import.meta.dirname, '..', '..', 'templates', 'profiles');
const workingDirectory = mkdtempSync(join(tmpdir(), 'exhibit-profile-'));
afterAll(() => rmSync(workingDirectory, { recursive: true }));

const TEXT = `apiVersion: kubexhibit.dev/v1
kind: Profile
metadata: {name: mine, title: Mine, description: For a test}
collectors: [objects]
`;

describe('profiles', () => {
  it.each(readdirSync(shippedDirectory))(
    'shipped %s is well-formed, is named as its file and selects collectors that exist',
    async (file) => {
      const nameOrPath = file.replace(/\.yaml$/, '');
      const { profile } = await loadProfile({ nameOrPath, shippedDirectory, workingDirectory });
      expect(profile.metadata.name).toBe(nameOrPath);
      expect(selectByProfile(profile, COLLECTORS).length).toBeGreaterThan(0);
    },
  );

  it('are found by path from the working directory, and their text is kept as it is', async () => {
    writeFileSync(join(workingDirectory, 'mine.yaml'), TEXT);
    const loaded = await loadProfile({ nameOrPath: 'mine.yaml', shippedDirectory, workingDirectory });
    expect(loaded.text).toBe(TEXT);
  });

  it.each([
    ['an unknown key', `${TEXT}exec: rm\n`],
    ['a duplicate key', `${TEXT}kind: Profile\n`],
    ['another kind', TEXT.replace('kind: Profile', 'kind: Pod')],
    ['no collector', TEXT.replace('[objects]', '[]')],
    ['aliases', TEXT.replace('[objects]', '[&a objects, *a]')],
    ['no YAML', '\t{'],
    ['nothing', ''],
  ])('refuse a file with %s', (_what, text) => {
    expect(() => parseProfileText('test', text)).toThrow(expect.objectContaining({ code: 'PROFILE_INVALID' }));
  });

  it('refuse a name that is not there, with those that are', async () => {
    const loading = loadProfile({ nameOrPath: 'triaje', shippedDirectory, workingDirectory });
    await expect(loading).rejects.toThrow(/shipped are: .*\btriage\b/);
  });
});
