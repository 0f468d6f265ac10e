import { repositoryAccounts } from '../security/accounts.ts';
import {
  ADMINISTRATOR,
  generatePassword,
  INTERNAL_USER_TYPE,
  passwordFromEnvironment,
  setPassword,
} from '../security/internal-users.ts';
import { DEFAULT_COST } from '../security/password-hash.ts';
import { UsageError, type Arguments } from './arguments.ts';
import { EXIT } from './exit-codes.ts';
import { withProject } from './open.ts';

/**
 * `admin password [USER]`: gives an internal user (default `openidm-admin`) a new password, from LOCKSTEP_ADMIN_PASSWORD or
 * made up and shown once. Never from the command line, where every process can read it. Open sessions of the user end.
 */
export async function adminCommand({ operands, options }: Arguments): Promise<number> {
  const [verb, user = ADMINISTRATOR, more] = operands;
  if (verb !== 'password' || more !== undefined) throw new UsageError('the command is admin password [USER]');
  const given = passwordFromEnvironment(process.env);
  const password = given ?? generatePassword();
  await withProject(options, async ({ repository }) => {
    const accounts = repositoryAccounts(repository);
    await accounts.declare([{ name: INTERNAL_USER_TYPE, searchable: [] }]);
    await setPassword(accounts, user, password, DEFAULT_COST);
  });
  if (given !== null) process.stdout.write(`${user} has the password of the environment now\n`);
  else {
    process.stderr.write(`The new password of ${user} is shown this once; it is kept as a slow hash only.\n`);
    process.stdout.write(`${password}\n`);
  }
  return EXIT.ok;
}
