/** By number, linux/capability.h. */
const CAPABILITIES = [
  'chown',
  'dac_override',
  'dac_read_search',
  'fowner',
  'fsetid',
  'kill',
  'setgid',
  'setuid',
  'setpcap',
  'linux_immutable',
  'net_bind_service',
  'net_broadcast',
  'net_admin',
  'net_raw',
  'ipc_lock',
  'ipc_owner',
  'sys_module',
  'sys_rawio',
  'sys_chroot',
  'sys_ptrace',
  'sys_pacct',
  'sys_admin',
  'sys_boot',
  'sys_nice',
  'sys_resource',
  'sys_time',
  'sys_tty_config',
  'mknod',
  'lease',
  'audit_write',
  'audit_control',
  'setfcap',
  'mac_override',
  'mac_admin',
  'syslog',
  'wake_alarm',
  'block_suspend',
  'audit_read',
  'perfmon',
  'bpf',
  'checkpoint_restore',
] as const;

/** From the hexadecimal set of `/proc/self/status`: names without `cap_`, sorted; what is no such set gives none. */
export function parseCapabilities(text: string): readonly string[] {
  const digits = text.trim();
  if (!/^[0-9a-f]{1,16}$/.test(digits)) return [];
  const bits = BigInt(`0x${digits}`);
  return CAPABILITIES.filter((_, index) => ((bits >> BigInt(index)) & 1n) === 1n).toSorted();
}
