import { gunzipSync } from 'node:zlib';
import { choices } from '../torture/extent.js';
import type { Attack, Mutation } from './attack.js';
import { ATTACKS, otherEncodings } from './attacks.js';
import { ROUTES, STOCK, Workbench, type Route } from './routes.js';
import type { Shape } from './shapes.js';

/** Attacks at once: two cores, and tools that wait for each other. */
const AT_ONCE = 4;

export interface Count {
  tried: number;
  missed: number;
}

/** Why a miss is by design; see docs/error-rate.md. `forged` = nothing in the archive is wrong. */
export type Exception = 'encoding' | 'certificates' | 'tokens' | 'forged';

export interface ClassResult {
  readonly group: string;
  readonly what: string;
  readonly by: Attack['by'];
  readonly isConsistent: boolean;
  readonly routes: Readonly<Record<Route, Count>>;
  /** Missed without the receipt although the format does not allow for it; empty is what is promised. */
  readonly broken: string[];
  /** Missed by `exhibit verify` alone where the format says that only the receipt, or the root of the authority, can tell. */
  readonly allowed: Record<Exception, number>;
}

export interface Controls {
  readonly routes: Readonly<Record<Route, Count>>;
  /** The same tar, compressed in another way; never with the receipt, which is over the container. */
  readonly encodings: Count;
  /** Route and shape of each false alarm. */
  readonly alarms: string[];
}

export interface Extent {
  /** Mutations of a class that our verifier judges. */
  readonly ours: number;
  /** Of these, so many are judged by the programs of others, too. */
  readonly stock: number;
  readonly seed: number;
  readonly hasStockTools: boolean;
  /** A shape that costs much: the first mutation of every eighth class is of it. */
  readonly rare: Shape | null;
}

export function emptyCounts(): Record<Route, Count> {
  return Object.fromEntries(ROUTES.map((route) => [route, { tried: 0, missed: 0 }])) as Record<Route, Count>;
}

export const noneAllowed = (): Record<Exception, number> => ({ encoding: 0, certificates: 0, tokens: 0, forged: 0 });

/** What the format leaves uncovered: see docs/evidence-format.md. */
function exceptionOf(
  attack: Attack,
  { container, touched }: Mutation,
  shape: Shape,
  route: Route,
): Exception | undefined {
  if (route === 'ours-receipt') return undefined;
  if (attack.isConsistent === true) return 'forged';
  if (attack.tokens === 'untold' || (attack.tokens === 'told-by-roots' && route === 'ours')) return 'tokens';
  if (touched !== null && touched.length > 0 && touched.every((path) => path.startsWith('seal/tsa-chain')))
    return 'certificates';
  return isSameTar(container, shape.tar) ? 'encoding' : undefined;
}

function isSameTar(container: Buffer, tar: Buffer): boolean {
  try {
    return gunzipSync(container).equals(tar);
  } catch {
    return false;
  }
}

function isRareClass(index: number, { rare }: Extent): boolean {
  return rare !== null && index % 8 === 0;
}

/** One class: mutations of shapes in turn, at places that the seed chooses. */
async function measureClass(
  attack: Attack,
  index: number,
  shapes: readonly Shape[],
  extent: Extent,
): Promise<ClassResult> {
  const drawn = choices(extent.seed * 1000 + index);
  // Of nothing there is nothing to choose; the attack finds out that the shape has none of its kind.
  const choose = (below: number): number => (below <= 0 ? 0 : drawn(below));
  const result: ClassResult = {
    group: attack.group,
    what: attack.what,
    by: attack.by,
    isConsistent: attack.isConsistent === true,
    routes: emptyCounts(),
    broken: [],
    allowed: noneAllowed(),
  };
  let made = 0;
  // The tools of others take minutes for the rare one.
  const stock = extent.hasStockTools ? extent.stock + (isRareClass(index, extent) ? 1 : 0) : 0;
  for (let attempt = 0; made < extent.ours && attempt < extent.ours * 20; attempt += 1) {
    const isRare = attempt === 0 && isRareClass(index, extent);
    const shape = (isRare ? extent.rare : shapes[attempt % shapes.length]) ?? null;
    const mutation = shape === null ? null : attack.make(shape, choose);
    if (shape === null || mutation === null || mutation.container.equals(shape.container)) continue;
    made += 1;
    await judge({ attack, mutation, shape, result, isStock: !isRare && made <= stock });
  }
  return result;
}

interface Case {
  readonly attack: Attack;
  readonly mutation: Mutation;
  readonly shape: Shape;
  readonly result: ClassResult;
  readonly isStock: boolean;
}

async function judge({ attack, mutation, shape, result, isStock }: Case): Promise<void> {
  const bench = new Workbench(shape, mutation.container);
  try {
    for (const route of ROUTES) {
      if (STOCK.has(route) && !isStock) continue;
      const passes = await bench.passes(route);
      if (passes === null) continue;
      const count = result.routes[route];
      count.tried += 1;
      if (!passes) continue;
      count.missed += 1;
      if (STOCK.has(route)) continue;
      const exception = exceptionOf(attack, mutation, shape, route);
      if (exception === undefined)
        result.broken.push(`${route}: ${shape.name}, ${mutation.touched?.join(' ') ?? 'container'}`);
      else if (route === 'ours') result.allowed[exception] += 1;
    }
  } finally {
    bench.remove();
  }
}

async function measureControls(shapes: readonly Shape[], extent: Extent): Promise<Controls> {
  const controls: Controls = { routes: emptyCounts(), encodings: { tried: 0, missed: 0 }, alarms: [] };
  for (const shape of [...shapes, ...(extent.rare === null ? [] : [extent.rare])]) {
    const bench = new Workbench(shape, shape.container);
    for (const route of ROUTES) {
      if (STOCK.has(route) && !extent.hasStockTools) continue;
      const passes = await bench.passes(route);
      if (passes === null) continue;
      controls.routes[route].tried += 1;
      if (passes) continue;
      controls.routes[route].missed += 1;
      controls.alarms.push(`${route}: ${shape.name}`);
    }
    bench.remove();
    for (const container of otherEncodings(shape)) {
      const other = new Workbench(shape, container);
      controls.encodings.tried += 1;
      if ((await other.passes('ours')) !== true) controls.encodings.missed += 1;
      other.remove();
    }
  }
  return controls;
}

export interface Measurement {
  readonly classes: readonly ClassResult[];
  readonly controls: Controls;
}

/** Every class of attack on every shape, and the controls. */
export async function measure(shapes: readonly Shape[], extent: Extent): Promise<Measurement> {
  const controls = await measureControls(shapes, extent);
  const classes: ClassResult[] = [];
  const left = [...ATTACKS.entries()];
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [index, attack] = next;
      classes[index] = await measureClass(attack, index, shapes, extent);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { classes, controls };
}
