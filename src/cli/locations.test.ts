import { describe, expect, it } from 'vitest';
import { type Environment, readEnvironment } from './environment.js';
import { locationsOf } from './locations.js';

const base = readEnvironment();
const at = (variables: Record<string, string>): Environment => ({
  ...base,
  homeDirectory: '/home/jane',
  workingDirectory: '/work',
  variables,
});

describe('locations', () => {
  it('are all below EXHIBIT_HOME where it is set, relative to the working directory', () => {
    for (const [home, root] of [
      ['/evidence', '/evidence'],
      ['mine', '/work/mine'],
    ] as const) {
      expect(locationsOf(at({ EXHIBIT_HOME: home, XDG_STATE_HOME: '/elsewhere' }))).toEqual({
        casesDirectory: `${root}/cases`,
        keysDirectory: `${root}/keys`,
        uploadsDirectory: `${root}/uploads`,
        allowedSignersFile: `${root}/allowed_signers`,
        configFile: `${root}/config.yaml`,
      });
    }
  });

  it('follow the XDG directories, and ignore a relative or empty one as the specification says', () => {
    expect(locationsOf(at({ XDG_STATE_HOME: '/state', XDG_CONFIG_HOME: '/config' }))).toMatchObject({
      casesDirectory: '/state/exhibit/cases',
      keysDirectory: '/config/exhibit/keys',
    });
    expect(locationsOf(at({ XDG_STATE_HOME: 'state', XDG_CONFIG_HOME: '', EXHIBIT_HOME: '' }))).toMatchObject({
      casesDirectory: '/home/jane/.local/state/exhibit/cases',
      uploadsDirectory: '/home/jane/.local/state/exhibit/uploads',
      configFile: '/home/jane/.config/exhibit/config.yaml',
    });
  });
});
