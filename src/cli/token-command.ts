import { isoTime, systemClock, type Clock } from '../base/clock.ts';
import { repositoryAccounts } from '../security/accounts.ts';
import { createToken, listTokens, revokeToken, type TokenInfo } from '../security/static-tokens.ts';
import { UsageError, type Arguments } from './arguments.ts';
import { EXIT } from './exit-codes.ts';
import { withProject } from './open.ts';
import { table } from './table.ts';

/** `token create NAME --role ROLE… [--expires 90d]`, `token list`, `token revoke NAME`. A running server sees it at once. */
export async function tokenCommand(args: Arguments): Promise<number> {
  const [verb = 'list'] = args.operands;
  const act = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  if (act === undefined) throw new UsageError(`token ${verb}: the commands are token create, token list, token revoke`);
  return act(args);
}

const VERBS: Readonly<Record<string, (args: Arguments) => Promise<number>>> = { create, list, revoke };

async function create(args: Arguments): Promise<number> {
  const { options } = args;
  const name = nameOf(args);
  const roles = options.role ?? [];
  if (roles.length === 0) throw new UsageError('token create needs at least one --role, e.g. --role openidm-admin');
  const expiresMs = expiry(options.expires, systemClock);
  const text = await withProject(options, ({ repository, clock }) =>
    createToken(repositoryAccounts(repository), clock, { name, roles, expiresMs }),
  );
  const until = expiresMs === null ? 'It does not expire.' : `It expires at ${isoTime(expiresMs)}.`;
  if (options.json === true) process.stdout.write(`${JSON.stringify({ name, roles, expiresMs, token: text })}\n`);
  else {
    process.stderr.write(`The token is shown this once; it is kept as a hash only. ${until}\n`);
    process.stdout.write(`${text}\n`);
  }
  return EXIT.ok;
}

async function list({ options }: Arguments): Promise<number> {
  const tokens = await withProject(options, ({ repository }) => listTokens(repositoryAccounts(repository)), true);
  if (options.json === true) process.stdout.write(`${JSON.stringify(tokens, null, 2)}\n`);
  else
    for (const line of tokens.length === 0 ? ['no tokens'] : table(HEADER, tokens.map(row)))
      process.stdout.write(`${line}\n`);
  return EXIT.ok;
}

async function revoke(args: Arguments): Promise<number> {
  const name = nameOf(args);
  await withProject(args.options, ({ repository }) => revokeToken(repositoryAccounts(repository), name));
  process.stdout.write(`token "${name}" is revoked\n`);
  return EXIT.ok;
}

/** `90d`, `12h`, `30m` from now; null: never. */
export function expiry(text: string | undefined, clock: Clock): number | null {
  if (text === undefined || text === 'never') return null;
  const match = /^(\d{1,6})([dhm])$/.exec(text);
  const count = Number(match?.[1] ?? 0);
  if (match === null || count === 0)
    throw new UsageError(`--expires takes a time such as 90d, 12h or 30m, not "${text}"`);
  return clock.nowMs() + count * UNIT_MS[match[2] as keyof typeof UNIT_MS];
}

const UNIT_MS = { d: 86_400_000, h: 3_600_000, m: 60_000 } as const;
const HEADER = ['name', 'roles', 'created', 'expires', 'last used'] as const;

function row({ name, roles, createdMs, expiresMs, lastUsedMs }: TokenInfo): readonly string[] {
  const time = (ms: number | null): string => (ms === null ? 'never' : isoTime(ms));
  return [name, roles.join(', '), isoTime(createdMs), time(expiresMs), time(lastUsedMs)];
}

function nameOf({ operands }: Arguments): string {
  const [verb, name, more] = operands;
  if (name === undefined || more !== undefined) throw new UsageError(`token ${verb} needs the name of one token`);
  return name;
}
