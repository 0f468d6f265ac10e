import { describe } from 'vitest';
import type { DirectoryServerName } from '../../scripts/install-directory-server.ts';

/** Servers that are left out by name: `LOCKSTEP_SKIP_SERVERS=389ds,openldap`. Everything else has to be there. */
export function isServerSkipped(name: DirectoryServerName): boolean {
  return (process.env['LOCKSTEP_SKIP_SERVERS'] ?? '').split(',').some((one) => one.trim() === name);
}

/** Samba needs root: for its ports, and for owners of files. */
export function canRunSamba(): boolean {
  return process.getuid?.() === 0;
}

/** Why tests of a server are left out; null: they are not. */
export function whySkipped(name: DirectoryServerName): string | null {
  if (isServerSkipped(name)) return `${name} is named in LOCKSTEP_SKIP_SERVERS`;
  return name === 'samba' && !canRunSamba() ? 'samba can only be started by root' : null;
}

/** Tests that need a server. Where they are left out, their title says why, which `npm test` tells at its end. */
export function describeOn(name: DirectoryServerName, title: string, body: () => void): void {
  const reason = whySkipped(name);
  const shown = reason === null ? title : `${title} (left out: ${reason})`;
  // oxlint-disable-next-line vitest/valid-title -- it is a text
  describe.skipIf(reason !== null)(shown, () => {
    body();
  });
}
