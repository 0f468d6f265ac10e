import { parseArgs } from 'node:util';
import { pushCampaign } from '../test/campaign/push-campaign.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(Date.now() & 0xffff) },
  },
});

process.stdout.write(`seed ${values.seed}\n`);
const rounds = await pushCampaign({
  rounds: Number(values.rounds),
  seed: Number(values.seed),
  onRound: ({ killedAfterMs, left, differences }, index) => {
    const end = differences.length === 0 ? 'targets equal' : `DIFFERENT: ${differences.join('; ')}`;
    process.stdout.write(`${index + 1}: killed after ${killedAfterMs} ms, ${left} pushes left: ${end}\n`);
  },
});
const faulty = rounds.filter((round) => round.differences.length > 0);
const open = rounds.filter((round) => round.left > 0);
process.stdout.write(`${rounds.length} kills, ${open.length} with pushes left, ${faulty.length} with another end\n`);
process.exitCode = faulty.length === 0 ? 0 : 1;
