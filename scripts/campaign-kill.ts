import { parseArgs } from 'node:util';
import { killCampaign, type Round } from '../test/campaign/kill-campaign.ts';
import { CAMPAIGN_OPTIONS, tellEnd, tellRounds } from './campaign-report.ts';

const { values } = parseArgs({
  options: {
    ...CAMPAIGN_OPTIONS,
    rounds: { type: 'string', default: '100' },
    people: { type: 'string', default: '3000' },
  },
});

const rounds = await killCampaign({
  rounds: Number(values.rounds),
  people: Number(values.people),
  seed: Number(values.seed),
  onRound: tellRounds(values.seed, ({ scenario, killedAfterMs, wasKilled, wasResumed }: Round) => {
    const end = wasResumed ? ' and taken up again' : '';
    return `${scenario}, ${wasKilled ? `killed after ${killedAfterMs} ms${end}` : 'ended before the kill'}`;
  }),
});
const killed = rounds.filter(({ wasKilled }) => wasKilled).length;
const resumed = rounds.filter(({ wasResumed }) => wasResumed).length;
tellEnd(rounds, `${killed} killed, ${resumed} taken up again`);
