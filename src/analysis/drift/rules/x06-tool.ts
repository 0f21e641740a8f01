import { isWritten, type DriftHit, type DriftRule, type DriftSubject } from '../drift-rule.js';

/** Programs that attackers bring, by their usual names; a name proves nothing and hides easily. */
const NAMES =
  /\/(?:xmrig|xmr-stak|kinsing|kdevtmpfsi|minerd|cpuminer|ccminer|masscan|zgrab|nmap|ncat|socat|chisel|frpc|frps|ngrok|gost|ligolo[^/]*|linpeas[^/]*|deepce[^/]*|peirates|cdk[^/]*|kubeletctl|kube-hunter|botb[^/]*|traitor[^/]*|mimipenguin|pspy\d*|tsh|tshd|bindshell|sliver[^/]*|meterpreter|beacon|fscan|tmate|gsocket|gs-netcat|libprocesshider\.so|diamorphine\.ko|reptile)$/i;
/** Hundredths of a bit a byte: compressed or encrypted code is above, plain machine code at about 6. */
const PACKED_CENTIBITS = 750;
/** A short file's entropy says little. */
const MIN_PACKED_BYTES = 65_536;
const WEB_ROOTS = /^\/(?:var\/www|usr\/share\/nginx\/html|srv\/(?:www|http)|usr\/local\/apache2\/htdocs|app\/public)\//;
const WEB_SHELLS = /\.(?:php\d?|phtml|jsp|jspx|asp|aspx|cgi)$/i;

type Case = readonly [applies: (subject: DriftSubject, marks: readonly string[]) => boolean, hit: DriftHit];

function isPacked({ entry }: DriftSubject, marks: readonly string[]): boolean {
  if (marks.includes('upx')) return true;
  return entry.sizeBytes >= MIN_PACKED_BYTES && (entry.sniff?.entropyCentibits ?? 0) > PACKED_CENTIBITS;
}

function isSelfContained({ entry }: DriftSubject, marks: readonly string[]): boolean {
  const isOfTheseLanguages = marks.includes('go') || marks.includes('rust');
  return isOfTheseLanguages && entry.class === 'added' && entry.sniff?.isStatic === true;
}

const CASES: readonly Case[] = [
  [
    (_, marks) => marks.includes('stratum') || marks.includes('miner'),
    { rule: 'miner', severity: 'high', why: 'It names the protocol or the program of a miner.' },
  ],
  [
    ({ path }, marks) => marks.includes('web-shell') || (WEB_ROOTS.test(path) && WEB_SHELLS.test(path)),
    {
      rule: 'web-shell',
      severity: 'high',
      why: 'It runs what a request tells it, or lies where a web server runs it.',
    },
  ],
  [
    (_, marks) => marks.includes('reverse-shell'),
    { rule: 'reverse-shell', severity: 'high', why: 'It connects a shell to the network.' },
  ],
  [
    ({ path }) => NAMES.test(path),
    { rule: 'known-name', severity: 'high', why: 'It has the name of a tool that attackers bring.' },
  ],
  [isPacked, { rule: 'packed', severity: 'high', why: 'A program whose code is packed or encrypted.' }],
  [
    isSelfContained,
    { rule: 'static-binary', severity: 'high', why: 'A program that needs nothing of the image to run.' },
  ],
];

export const tool: DriftRule = {
  driftClass: 'X6',
  title: 'A tool that was brought in',
  judge: (subject) => {
    const { entry } = subject;
    if (!isWritten(entry) || entry.type !== 'file') return null;
    const marks = entry.sniff?.marks ?? [];
    return CASES.find(([applies]) => applies(subject, marks))?.[1] ?? null;
  },
};
