/** Numbers that campaigns are given; a new seed each time unless one is named. */
export const CAMPAIGN_OPTIONS = {
  rounds: { type: 'string', default: '200' },
  seed: { type: 'string', default: String(Date.now() & 0xffff) },
} as const;

export interface CampaignRound {
  readonly differences: readonly string[];
}

/** Prints the seed first, then a line for each round. */
export function tellRounds<T extends CampaignRound>(
  seed: string,
  describe: (round: T) => string,
): (round: T, index: number) => void {
  say(`seed ${seed}`);
  return (round, index) => {
    const { differences } = round;
    say(
      `${index + 1}: ${describe(round)}: ${differences.length === 0 ? 'same end' : `DIFFERENT: ${differences.join('; ')}`}`,
    );
  };
}

/** The last line, and the exit code: 1 if a round ended otherwise than an undisturbed one. */
export function tellEnd(rounds: readonly CampaignRound[], more: string): void {
  const faulty = rounds.filter(({ differences }) => differences.length > 0).length;
  say(`${rounds.length} rounds, ${more}, ${faulty} with another end`);
  process.exitCode = faulty === 0 ? 0 : 1;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
