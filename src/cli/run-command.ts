import { Failure, messageOf } from '../base/failure.ts';
import { readArguments, UsageError, type Arguments } from './arguments.ts';
import { approveCommand, heldCommand, rejectCommand } from './held-commands.ts';
import { adminCommand } from './admin-command.ts';
import { auditCommand } from './audit-command.ts';
import { checkCommand } from './check-command.ts';
import { EXIT } from './exit-codes.ts';
import { explainCommand } from './explain-command.ts';
import { HELP } from './help.ts';
import { keysCommand } from './keys-command.ts';
import { queueCommand } from './queue-command.ts';
import { planCommand, reconCommand } from './recon-commands.ts';
import { runsCommand } from './runs-command.ts';
import { startCommand } from './start-command.ts';
import { tokenCommand } from './token-command.ts';
import { undoCommand } from './undo-command.ts';
import { VERSION } from './version.ts';

const COMMANDS: Readonly<Record<string, (args: Arguments) => Promise<number>>> = {
  start: startCommand,
  check: checkCommand,
  plan: planCommand,
  recon: reconCommand,
  explain: explainCommand,
  held: heldCommand,
  approve: approveCommand,
  reject: rejectCommand,
  runs: runsCommand,
  undo: undoCommand,
  queue: queueCommand,
  audit: auditCommand,
  keys: keysCommand,
  token: tokenCommand,
  admin: adminCommand,
};

/** Runs one command line and gives the exit code. Expected failures are one line on stderr, never a stack trace. */
export async function runCommand(argv: readonly string[]): Promise<number> {
  try {
    const args = readArguments(argv);
    if (args.options.version === true) return say(`lockstep ${VERSION}\n`);
    if (args.options.help === true || args.command === 'help') return say(HELP);
    if (args.command === null) throw new UsageError('no command was given');
    const command = Object.hasOwn(COMMANDS, args.command) ? COMMANDS[args.command] : undefined;
    if (command === undefined) throw new UsageError(`there is no command "${args.command}"`);
    return await command(args);
  } catch (error) {
    if (error instanceof UsageError)
      return fail(`${error.message}\nRun "lockstep help" for the commands and options.`, EXIT.usage);
    const isOurs = error instanceof Failure && (error.code === 'bad-configuration' || error.code === 'bad-request');
    return fail(messageOf(error), isOurs ? EXIT.usage : EXIT.failed);
  }
}

function say(text: string): number {
  process.stdout.write(text);
  return EXIT.ok;
}

function fail(message: string, code: number): number {
  process.stderr.write(`lockstep: ${message}\n`);
  return code;
}
