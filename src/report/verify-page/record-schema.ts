/** A schema in the part of JSON Schema that the records of exhibit/1 need; made from the program's own schemas when the page is built. */
export interface RecordSchema {
  readonly type?: string | readonly string[];
  readonly const?: string;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly anyOf?: readonly RecordSchema[];
  readonly items?: RecordSchema;
  readonly properties?: Readonly<Record<string, RecordSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | RecordSchema;
  readonly propertyNames?: RecordSchema;
  readonly $schema?: string;
}

/** Whether a parsed value has the shape. */
export type ShapeTest = (value: unknown) => boolean;

const KNOWN = new Set([
  '$schema',
  'type',
  'const',
  'enum',
  'pattern',
  'minimum',
  'maximum',
  'anyOf',
  'items',
  'properties',
  'required',
  'additionalProperties',
  'propertyNames',
]);

const TYPE_TESTS: Readonly<Record<string, ShapeTest>> = {
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  null: (value) => value === null,
  integer: (value) => Number.isSafeInteger(value),
  array: (value) => Array.isArray(value),
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
};

/** The test for a schema. Throws TypeError for a schema with a word that this does not know: nothing is ever passed over in silence. */
export function shapeTest(schema: RecordSchema): ShapeTest {
  for (const word of Object.keys(schema)) if (!KNOWN.has(word)) throw new TypeError(`${word} in a schema`);
  const tests = [...typeTests(schema), ...textTests(schema), ...boundTests(schema), ...innerTests(schema)];
  return (value) => tests.every((test) => test(value));
}

function typeTests({ type }: RecordSchema): ShapeTest[] {
  if (type === undefined) return [];
  const tests = [type].flat().map((name) => {
    const test = TYPE_TESTS[name];
    if (test === undefined) throw new TypeError(`type ${name} in a schema`);
    return test;
  });
  return [(value) => tests.some((test) => test(value))];
}

function textTests(schema: RecordSchema): ShapeTest[] {
  const tests: ShapeTest[] = [];
  if (schema.const !== undefined) tests.push((value) => value === schema.const);
  if (schema.enum !== undefined) {
    const words = new Set<unknown>(schema.enum);
    tests.push((value) => words.has(value));
  }
  if (schema.pattern !== undefined) {
    const pattern = new RegExp(schema.pattern);
    tests.push((value) => typeof value !== 'string' || pattern.test(value));
  }
  return tests;
}

function boundTests({ minimum, maximum }: RecordSchema): ShapeTest[] {
  if (minimum === undefined && maximum === undefined) return [];
  const [least, most] = [minimum ?? Number.NEGATIVE_INFINITY, maximum ?? Number.POSITIVE_INFINITY];
  return [(value) => typeof value !== 'number' || (value >= least && value <= most)];
}

function innerTests({ anyOf, items, ...schema }: RecordSchema): ShapeTest[] {
  const tests: ShapeTest[] = [];
  if (anyOf !== undefined) {
    const options = anyOf.map(shapeTest);
    tests.push((value) => options.some((test) => test(value)));
  }
  if (items !== undefined) {
    const test = shapeTest(items);
    tests.push((value) => !Array.isArray(value) || value.every(test));
  }
  if (schema.properties !== undefined || schema.additionalProperties !== undefined) tests.push(membersTest(schema));
  return tests;
}

function membersTest({ properties = {}, required = [], additionalProperties = true }: RecordSchema): ShapeTest {
  const members = new Map(Object.entries(properties).map(([name, inner]) => [name, shapeTest(inner)]));
  const further =
    typeof additionalProperties === 'boolean' ? () => additionalProperties : shapeTest(additionalProperties);
  return (value) => {
    if (typeof value !== 'object' || value === null) return true;
    for (const name of required) if (!Object.hasOwn(value, name)) return false;
    return Object.entries(value).every(([name, member]) => (members.get(name) ?? further)(member));
  };
}
