import { isAbsolute, join } from 'node:path';
import { type Environment, variableOf } from './environment.js';

/** Where things live on this machine. Absolute paths. */
export interface Locations {
  readonly casesDirectory: string;
  readonly keysDirectory: string;
  /** What is known of uploads that are under way; no evidence. */
  readonly uploadsDirectory: string;
  readonly allowedSignersFile: string;
  readonly configFile: string;
}

/** XDG: a relative path in such a variable is invalid and is ignored. */
function xdgDirectory(environment: Environment, name: string, fallback: string): string {
  const value = environment.variables[name] ?? '';
  return isAbsolute(value) ? value : join(environment.homeDirectory, fallback);
}

export function locationsOf(environment: Environment): Locations {
  const home = variableOf(environment, 'EXHIBIT_HOME');
  if (home !== undefined) {
    const root = isAbsolute(home) ? home : join(environment.workingDirectory, home);
    return {
      casesDirectory: join(root, 'cases'),
      uploadsDirectory: join(root, 'uploads'),
      keysDirectory: join(root, 'keys'),
      allowedSignersFile: join(root, 'allowed_signers'),
      configFile: join(root, 'config.yaml'),
    };
  }
  const config = join(xdgDirectory(environment, 'XDG_CONFIG_HOME', '.config'), 'exhibit');
  const state = join(xdgDirectory(environment, 'XDG_STATE_HOME', '.local/state'), 'exhibit');
  return {
    casesDirectory: join(state, 'cases'),
    uploadsDirectory: join(state, 'uploads'),
    keysDirectory: join(config, 'keys'),
    allowedSignersFile: join(config, 'allowed_signers'),
    configFile: join(config, 'config.yaml'),
  };
}
