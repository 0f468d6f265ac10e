import { parseArgs } from 'node:util';
import { pushCampaign, type PushRound } from '../test/campaign/push-campaign.ts';
import { CAMPAIGN_OPTIONS, tellEnd, tellRounds } from './campaign-report.ts';

const { values } = parseArgs({ options: { ...CAMPAIGN_OPTIONS, rounds: { type: 'string', default: '1000' } } });

const rounds = await pushCampaign({
  rounds: Number(values.rounds),
  seed: Number(values.seed),
  onRound: tellRounds(
    values.seed,
    ({ killedAfterMs, left }: PushRound) => `killed after ${killedAfterMs} ms, ${left} pushes left`,
  ),
});
tellEnd(rounds, `${rounds.filter(({ left }) => left > 0).length} with pushes left`);
