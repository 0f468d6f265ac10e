import { parseArgs } from 'node:util';
import { killCampaign } from '../test/campaign/kill-campaign.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '100' },
    people: { type: 'string', default: '3000' },
    seed: { type: 'string', default: String(Date.now() & 0xffff) },
  },
});

process.stdout.write(`seed ${values.seed}\n`);
const results = await killCampaign({
  rounds: Number(values.rounds),
  people: Number(values.people),
  seed: Number(values.seed),
  onRound: ({ scenario, killedAfterMs, wasKilled, wasResumed, differences }, index) => {
    const end = differences.length === 0 ? 'same end' : `DIFFERENT: ${differences.join('; ')}`;
    process.stdout.write(
      `${index + 1}: ${scenario}, ${wasKilled ? `killed after ${killedAfterMs} ms${wasResumed ? ' and taken up again' : ''}` : 'ended before the kill'}: ${end}\n`,
    );
  },
});
const faulty = results.filter((round) => round.differences.length > 0);
const killed = results.filter((round) => round.wasKilled);
process.stdout.write(
  `${results.length} rounds, ${killed.length} killed, ${results.filter((round) => round.wasResumed).length} taken up again, ${faulty.length} with another end\n`,
);
process.exitCode = faulty.length === 0 ? 0 : 1;
