import type { DriftSeverity } from '../../../model/drift.js';
import { isWritten, type DriftRule } from '../drift-rule.js';

/** What is read at a start, at a login, by a scheduler or by every program. */
const PLACES: readonly (readonly [pattern: RegExp, rule: string, severity: DriftSeverity, what: string])[] = [
  [/^\/etc\/ld\.so\.preload$/, 'ld-so-preload', 'critical', 'Loaded into every program'],
  [/^\/etc\/ld\.so\.conf(?:\.d\/|$)/, 'ld-so-conf', 'high', 'Says where every program finds its libraries'],
  [/^\/etc\/(?:shadow|gshadow)-?$/, 'passwords', 'high', 'Passwords'],
  [/^\/etc\/(?:passwd|group)-?$/, 'users', 'high', 'Users and groups'],
  [/^\/etc\/sudoers(?:$|\.d\/)/, 'sudoers', 'high', 'Who may become root'],
  [/\/\.ssh\/(?:authorized_keys2?|rc|environment)$/, 'authorized-keys', 'high', 'Who may log in'],
  [/^\/etc\/ssh\/sshd?_config(?:$|\.d\/)/, 'sshd-config', 'high', 'How one logs in'],
  [
    /^\/etc\/(?:cron[^/]*|anacrontab|at\.allow|at\.deny)(?:\/|$)|^\/var\/spool\/(?:cron|at|anacron)\//,
    'cron',
    'high',
    'Run by a scheduler',
  ],
  [
    /^\/(?:etc|usr\/lib|lib|run)\/systemd\/(?:system|user|system-generators)\/|\/\.config\/systemd\/user\//,
    'systemd',
    'high',
    'Started by systemd',
  ],
  [
    /^\/etc\/(?:rc\.local|rc[0-6S]?\.d\/|init\.d\/|inittab|runlevels\/|local\.d\/)/,
    'start-script',
    'high',
    'Run at the start',
  ],
  [
    /^\/etc\/(?:profile|bash\.bashrc|bashrc|zshenv|environment)$|^\/etc\/profile\.d\//,
    'login-script',
    'high',
    'Run at every login',
  ],
  [
    /\/\.(?:bashrc|bash_profile|bash_login|profile|zshrc|zprofile|bash_logout|login)$/,
    'shell-start',
    'high',
    'Run by a shell of a user',
  ],
  [/^\/etc\/pam\.d\/|^\/(?:usr\/)?lib(?:64)?\/(?:[^/]+\/)?security\/pam_/, 'pam', 'high', 'Decides who may log in'],
  [
    /^\/etc\/(?:udev\/rules\.d|modprobe\.d|modules-load\.d|binfmt\.d|xdg\/autostart)\/|^\/etc\/modules$/,
    'kernel-start',
    'high',
    'Read by the system as devices and modules come',
  ],
  [
    /\/(?:site|dist)-packages\/(?:[^/]+\.pth|sitecustomize\.py|usercustomize\.py)$/,
    'python-start',
    'high',
    'Run by every Python program',
  ],
  [/\/(?:\.npmrc|\.node_repl_history|node_modules\/\.hooks\/)/, 'node-start', 'medium', 'Read by npm'],
  [/^\/etc\/apt\/apt\.conf\.d\/|^\/etc\/(?:yum|dnf)\/plugins\//, 'package-hook', 'high', 'Run by the package manager'],
  [/^\/etc\/kubernetes\/manifests\//, 'static-pod', 'critical', 'Started by the kubelet'],
  [
    /^\/etc\/hosts$|^\/etc\/resolv\.conf$|^\/etc\/nsswitch\.conf$/,
    'name-lookup',
    'medium',
    'Says which machine a name is',
  ],
];

export const persistence: DriftRule = {
  driftClass: 'X4',
  title: 'A place from which code starts again, or by which one comes back',
  judge: ({ entry, path }) => {
    if (!isWritten(entry) || entry.type === 'directory') return null;
    const found = PLACES.find(([pattern]) => pattern.test(path));
    if (found === undefined) return null;
    const [, rule, severity, what] = found;
    return {
      rule,
      severity,
      why: `${what}; the image has ${entry.class === 'added' ? 'no such file' : 'another one'}.`,
    };
  },
};
