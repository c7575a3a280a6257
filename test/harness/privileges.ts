/** root may read and write anywhere: what goes before a command so that it may not. */
export function withoutPrivileges(): string[] {
  const powers = ['--bounding-set=-dac_override,-dac_read_search', '--inh-caps=-all'];
  return process.getuid?.() === 0 ? ['setpriv', ...powers, '--'] : [];
}
