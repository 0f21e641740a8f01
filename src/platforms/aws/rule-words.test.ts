import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalRule, parseRule, ruleWords } from './rule-words.js';

describe('rules of a security group in words', () => {
  it('has one sentence for each partner, sorted, and none twice', () => {
    expect(
      ruleWords([
        { IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }], Ipv6Ranges: [{ CidrIpv6: '::/0' }] },
        { IpProtocol: 'tcp', FromPort: 443, ToPort: 443, UserIdGroupPairs: [{ GroupId: 'sg-0abc1234' }] },
        { IpProtocol: 'tcp', FromPort: 443, ToPort: 443, UserIdGroupPairs: [{ GroupId: 'sg-0abc1234' }] },
        { IpProtocol: 'icmp', FromPort: -1, ToPort: -1, PrefixListIds: [{ PrefixListId: 'pl-0abc1234' }] },
        { IpProtocol: 'udp', FromPort: 30_000, ToPort: 32_767, IpRanges: [{ CidrIp: '10.0.0.0/8' }] },
      ]),
    ).toEqual([
      'all all 0.0.0.0/0',
      'all all ::/0',
      'icmp -1 pl-0abc1234',
      'tcp 443 sg-0abc1234',
      'udp 30000-32767 10.0.0.0/8',
    ]);
    expect(ruleWords(undefined)).toEqual([]);
  });

  it.each(['', 'tcp 443', 'all 443 0.0.0.0/0', 'tcp 443 10.0.0.1', 'tcp x 10.0.0.0/8', 'tcp 443 10.0.0.0/8 x'])(
    'knows no rule called %j',
    (words) => {
      expect(parseRule(words)).toBeNull();
    },
  );

  it.each([
    ['tcp 443 2001:DB8:0:0::/32', 'tcp 443 2001:db8::/32'],
    ['tcp 443 10.0.0.0/8', 'tcp 443 10.0.0.0/8'],
    ['all all sg-0abc1234', 'all all sg-0abc1234'],
    ['tcp 443 :x:/1', 'tcp 443 :x:/1'],
    ['', ''],
  ])('has one spelling: %j is %j', (words, spelled) => {
    expect(canonicalRule(words)).toBe(spelled);
    expect(canonicalRule(canonicalRule(words))).toBe(spelled);
  });

  it('comes back from its words', () => {
    const port = fc.integer({ min: 0, max: 65_535 });
    const octet = fc.integer({ min: 0, max: 255 });
    const whom = fc.oneof(
      fc
        .tuple(octet, octet, octet, octet, fc.integer({ min: 0, max: 32 }))
        .map(([a, b, c, d, bits]) => `${[a, b, c, d].join('.')}/${String(bits)}`),
      fc.constantFrom('::/0', '2001:db8::/32', 'sg-0abc1234', 'sg-0123456789abcdef0', 'pl-0abc1234'),
    );
    const what = fc.oneof(
      fc.constant('all all'),
      fc.tuple(fc.constantFrom('tcp', 'udp', '132'), port).map(([protocol, at]) => `${protocol} ${String(at)}`),
      fc
        .tuple(fc.constantFrom('tcp', 'udp'), port, port)
        .filter(([, from, to]) => from !== to)
        .map(([protocol, from, to]) => `${protocol} ${String(from)}-${String(to)}`),
      fc.constantFrom('icmp -1', 'icmp 8--1', 'icmp 3-4'),
    );
    fc.assert(
      fc.property(what, whom, (some, partner) => {
        const words = `${some} ${partner}`;
        const rule = parseRule(words);
        expect(rule === null ? null : ruleWords([rule])).toEqual([words]);
      }),
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        const rule = parseRule(text);
        expect(rule === null || ruleWords([rule])[0] === canonicalRule(text)).toBe(true);
      }),
    );
  });
});
