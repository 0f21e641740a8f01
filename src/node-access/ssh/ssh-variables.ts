/** Where ssh, its agent, its proxies and its ticket caches look. A user's own `SendEnv` can send no more than these to the node. */
const NEEDED = new Set([
  'HOME',
  'USER',
  'LOGNAME',
  'PATH',
  'TMPDIR',
  'XDG_RUNTIME_DIR',
  'SSH_AUTH_SOCK',
  'SSH_AGENT_PID',
  'KRB5CCNAME',
  'KRB5_CONFIG',
  'AWS_PROFILE',
  'AWS_REGION',
  'AWS_DEFAULT_REGION',
  'AWS_CONFIG_FILE',
  'AWS_SHARED_CREDENTIALS_FILE',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
]);

/** What of our environment ssh and a `ProxyCommand` get. */
export function sshVariables(
  variables: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    Object.entries(variables).filter(([name]) => NEEDED.has(name.endsWith('_proxy') ? name.toUpperCase() : name)),
  );
}
