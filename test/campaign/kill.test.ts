import { describe, expect, it } from 'vitest';
import { killCampaign } from './kill-campaign.ts';

describe('a run that is killed', () => {
  it('and started again ends where an undisturbed one ends', async () => {
    const seed = Date.now() & 0xffff;
    const rounds = await killCampaign({ rounds: 6, people: 800, seed });
    expect(
      rounds.filter((round) => round.differences.length > 0),
      `seed ${seed}`,
    ).toEqual([]);
  }, 180_000);
});
