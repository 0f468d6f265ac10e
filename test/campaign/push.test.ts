import { expect, it } from 'vitest';
import { pushCampaign } from './push-campaign.ts';

/** A short slice of `npm run campaign:push`. */
it('a process that is killed between a managed object and its targets leaves nothing undone, and does nothing twice', async () => {
  const rounds = await pushCampaign({ rounds: 3, seed: 7 });
  expect(rounds.flatMap(({ differences }) => differences)).toEqual([]);
}, 300_000);
