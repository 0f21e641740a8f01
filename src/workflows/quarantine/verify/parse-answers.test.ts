import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../../lib/format-address.js';
import { parseConnects, parseFlows, parseListening, parseProcesses } from './parse-answers.js';
import { addressHex, parseProbe } from './probe-destination.js';

const FLOW = { pod: 'shop/cart', namespace: '4026532000', isLittleEndian: true };
const SOCKET = (remote: string, state = '01') =>
  `   1: 0201D60A:C2D8 ${remote}:1B58 ${state} 00000000:00000000 00:00000000 00000000     0        0 13497826 2 0 20 4 24 18 -1`;

describe('what a node says of a probe', () => {
  it('is taken where it is whole, and says in which namespace it was', () => {
    const text = [
      'namespace\t4026532000',
      'result\t0\tconnected\t0\t0ad60102\t50480\t68656c6c6f',
      'result\t1\terror\t113\t00000000000000000000000000000001\t33448\t',
      'result\t2\ttimeout\t0\t0ad60102\t50481\t',
      'end',
      '',
    ].join('\n');
    const { namespace, byId } = parseConnects(text);
    expect(namespace).toBe('4026532000');
    expect(byId.get(0)).toEqual({
      ...{ status: 'connected', errno: 0, saidHex: '68656c6c6f' },
      local: { address: '10.214.1.2', port: 50_480 },
    });
    expect(byId.get(1)).toMatchObject({ status: 'error', errno: 113, local: { address: '::1', port: 33_448 } });
    expect(byId.get(2)).toMatchObject({ status: 'timeout' });
  });

  it('is nothing where it is cut, said twice, or of two namespaces', () => {
    expect(parseConnects('result\t0\tconnected\t0\t0ad60102\t1\t').byId.size).toBe(0);
    const twice = 'result\t0\ttimeout\t0\t\t0\t\nresult\t0\tconnected\t0\t\t0\t\n';
    expect(parseConnects(twice).byId.size).toBe(0);
    expect(parseConnects('namespace\t1\nnamespace\t2\n').namespace).toBeNull();
  });

  it('tells where our listener is once it is ready', () => {
    const text = 'namespace\t1\nlistening\t4\t0ad60103\t44375\nlistening\t6\t\t44376\nlistening\t4\tzz\t1\n';
    expect(parseListening(text)).toBeNull();
    expect(parseListening(`${text}ready\n`)).toEqual([
      { family: 4, addressHex: '0ad60103', address: '10.214.1.3', port: 44_375 },
      { family: 6, addressHex: '', address: '', port: 44_376 },
    ]);
  });

  it('tells the namespaces of a pod, one process of each', () => {
    const text =
      'own\t3\nfirst\t1\nprocess\t11/ns/net\t2\nprocess\t12/ns/net\t2\nprocess\t13/ns/net\t1\nprocess\tx\t9\n';
    expect(parseProcesses(text)).toEqual({
      ...{ own: '3', first: '1' },
      found: [
        { pid: 11, namespace: '2' },
        { pid: 13, namespace: '1' },
      ],
    });
  });

  it('tells connections with others, and none where the namespace was another or the end is missing', () => {
    const inside = 'namespace\t4026532000\n';
    const lines = `${SOCKET('07643CC6')}\n${SOCKET('0100007F')}\n${SOCKET('07643CC6', '06')}\n`;
    const flows = parseFlows(`${inside}${lines}${inside}end\n`, FLOW);
    expect(flows).toEqual([
      {
        ...{ pod: 'shop/cart', namespace: '4026532000' },
        local: { address: '10.214.1.2', port: 49_880 },
        remote: { address: '198.60.100.7', port: 7000 },
      },
    ]);
    expect(parseFlows(`${inside}${lines}namespace\t4026532001\nend\n`, FLOW)).toBeNull();
    expect(parseFlows(`${inside}${lines}${inside}`, FLOW)).toBeNull();
  });

  it('never makes a parser throw', () => {
    const words = fc.constantFrom(
      'namespace',
      'result',
      'listening',
      'process',
      '\t',
      '\n',
      '0',
      '4',
      'ready',
      'end',
      'a',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(words).map((some) => some.join('')),
        ),
        (text) => {
          for (const { local } of parseConnects(text).byId.values()) expect(local.port).toBeLessThan(65_536);
          for (const { port } of parseListening(text) ?? []) expect(port).toBeLessThan(65_536);
          expect(parseProcesses(text).found.every(({ pid }) => Number.isSafeInteger(pid))).toBe(true);
          expect(() => parseFlows(text, FLOW)).not.toThrow();
        },
      ),
    );
  });
});

describe('a destination of a probe', () => {
  it('is an address and a port', () => {
    expect(parseProbe('10.0.0.5:443', false)).toEqual({ address: '10.0.0.5', family: 4, port: 443, mayPass: false });
    expect(parseProbe('[fd00::5]:53', true)).toEqual({ address: 'fd00::5', family: 6, port: 53, mayPass: true });
  });

  it.each([
    'example.org:443',
    '10.0.0.5',
    '10.0.0.5:0',
    '10.0.0.5:65536',
    '10.0.0.999:1',
    'fd00::5:53',
    '[fe80::1%eth0]:1',
    '',
  ])('is not %j', (text) => {
    expect(() => parseProbe(text, false)).toThrow(expect.objectContaining({ code: 'USAGE_INVALID' }));
  });

  it('is told to the node as the bytes that the address stands for', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 })),
        (bytes) => {
          const buffer = Buffer.from(bytes);
          expect(addressHex(formatAddress(buffer))?.hex).toBe(buffer.toString('hex'));
        },
      ),
    );
    fc.assert(fc.property(fc.ipV6(), (address) => addressHex(address)?.hex.length === 32));
    expect(addressHex('::ffff:10.0.0.5')?.hex).toBe('00000000000000000000ffff0a000005');
    expect(addressHex('nowhere')).toBeNull();
  });
});
