#!/usr/bin/env node
// From the sources, for development: builds when something changed, then runs what `exhibit` runs.
import { ensureBuilt } from '../scripts/build.js';
import { start } from './start.js';

await ensureBuilt();
await start('exhibit');
