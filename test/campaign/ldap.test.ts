import { describe, expect, it } from 'vitest';
import { isServerSkipped } from '../ldap/skipped-servers.ts';
import { ldapCampaign } from './ldap-campaign.ts';
import { campaignServer } from './ldap-campaign-server.ts';

describe.skipIf(isServerSkipped('openldap'))('a process that follows a directory in a storm of changes', () => {
  it.each([
    ['calls', 'dn'],
    ['push', 'entryUUID'],
  ] as const)(
    'is killed, the directory as well, and catches up by LiveSync (%s, ids are %s); reconciliation finds nothing',
    async (mode, uidAttribute) => {
      const server = await campaignServer('openldap');
      try {
        const seed = Date.now() & 0xffff;
        const rounds = await ldapCampaign({ server, uidAttribute, mode, rounds: 2, seed });
        const faulty = rounds.filter((round) => round.differences.length > 0);
        expect(faulty, `seed ${seed}`).toEqual([]);
        // A directory that lives on is followed from where one had stopped.
        expect(rounds.filter((round) => round.isReconciled && !round.isServerKilled)).toEqual([]);
      } finally {
        await server.dispose();
      }
    },
    240_000,
  );
});
