import { parseArgs } from 'node:util';
import { ldapCampaign, type LdapRound } from '../test/campaign/ldap-campaign.ts';
import { campaignServer } from '../test/campaign/ldap-campaign-server.ts';
import { CAMPAIGN_OPTIONS, tellEnd, tellRounds } from './campaign-report.ts';

// --server openldap | openldap-accesslog | 389ds, --uid dn | entryUUID | nsUniqueId, --mode calls | push
const { values } = parseArgs({
  options: {
    ...CAMPAIGN_OPTIONS,
    server: { type: 'string', default: 'openldap' },
    uid: { type: 'string', default: 'dn' },
    mode: { type: 'string', default: 'calls' },
    longest: { type: 'string', default: '1500' },
    deaths: { type: 'string', default: '0.25' },
  },
});

const server = await campaignServer(values.server);
try {
  const rounds = await ldapCampaign({
    server,
    uidAttribute: values.uid,
    mode: values.mode === 'push' ? 'push' : 'calls',
    longestMs: Number(values.longest),
    serverDeaths: Number(values.deaths),
    rounds: Number(values.rounds),
    seed: Number(values.seed),
    onRound: tellRounds(values.seed, ({ killedAfterMs, isServerKilled, isReconciled }: LdapRound) => {
      const what = `killed after ${killedAfterMs} ms${isServerKilled ? ' with the directory' : ''}`;
      return isReconciled ? `${what}, caught up by reconciliation` : what;
    }),
  });
  tellEnd(rounds, `${rounds.filter(({ isReconciled }) => isReconciled).length} caught up by reconciliation`);
} finally {
  await server.dispose();
}
