/** `node ebs-get-loop.js PORT BLOCKS STRIDE`: gets blocks in parallel and drops them, which is the least that any reader does. */
import { Agent, get } from 'node:http';

const [port, blocks, stride] = process.argv.slice(2).map(Number);
const PARALLEL = 32;
const agent = new Agent({ keepAlive: true, maxSockets: PARALLEL });
let next = 0;

async function fetchOne(index) {
  await new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, agent, path: `/snapshots/snap/blocks/${index}` }, (response) => {
      response.resume();
      response.once('end', resolve);
      response.once('error', reject);
    }).once('error', reject);
  });
}

async function work() {
  while (next < blocks) {
    const index = next * stride;
    next += 1;
    await fetchOne(index);
  }
}

const started = process.hrtime.bigint();
const workers = Array.from({ length: PARALLEL }, work);
await Promise.all(workers);
console.log(JSON.stringify({ readS: Number(process.hrtime.bigint() - started) / 1e9 }));
