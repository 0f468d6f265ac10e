import { cpSync, existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Lockstep } from '../app/lockstep.ts';
import { ownershipWarnings } from '../app/ownership-findings.ts';
import { tellScriptFaults } from '../app/project-holder.ts';
import { numberOption, type Arguments, type Options } from './arguments.ts';
import { EXIT } from './exit-codes.ts';
import { makeDirectory, withServedProject } from './open.ts';
import { exitCode, showPlan, showRun } from './recon-commands.ts';
import { serve, untilAskedToStop } from './serve.ts';

/** Lines of the plan that the demo shows; what the run then does is the same. */
const SHOWN_PLAN = 25;

const DEMO = fileURLToPath(new URL('../../demo', import.meta.url));

/**
 * The main job of a project: for each mapping that it names under "startup", the plan, then the run. Then it serves until it is
 * asked to end.
 */
export async function startCommand({ options }: Arguments): Promise<number> {
  const chosen = options.project === undefined ? demoOptions(options) : options;
  const port = numberOption(options.port, 'port');
  return withServedProject(chosen, async (lockstep, tree) => {
    for (const warning of ownershipWarnings(lockstep.config)) process.stderr.write(`warning: ${warning}\n`);
    const say = (text: string): unknown => options.json === true || process.stdout.write(text);
    const worst = await runStartup(lockstep, chosen, say);
    say(nextSteps(chosen));
    if (options.serve === false) return worst;
    await tellScriptFaults(lockstep.config, lockstep.log);
    const served = await serve(lockstep, tree, { port, env: process.env });
    if (served.firstPassword !== null) process.stdout.write(firstPassword(served.firstPassword));
    for (const url of served.urls) process.stdout.write(`Lockstep ready: ${url}\n`);
    await untilAskedToStop();
    process.stderr.write('stopping …\n');
    await served.stop();
    return worst;
  });
}

async function runStartup(lockstep: Lockstep, options: Options, say: (text: string) => unknown): Promise<number> {
  const { startup } = lockstep.config.lockstep;
  if (startup.length === 0)
    process.stderr.write(nothingToStart(lockstep.config.mappings.map((mapping) => mapping.name)));
  let worst: number = EXIT.ok;
  for (const name of startup) {
    const mapping = lockstep.mappingConfig(name);
    say('\nThe plan:\n');
    await showPlan(lockstep, mapping, options, SHOWN_PLAN);
    say('\nThe run:\n');
    worst = Math.max(worst, exitCode(await showRun(lockstep, mapping, options, 0)));
  }
  return worst;
}

function firstPassword(password: string): string {
  return `\nThe administrator is "openidm-admin", the password ${password}\nIt is shown this once; "lockstep admin password" makes another.\n\n`;
}

/** The bundled demo is run on a copy, so that its files can be played with and started afresh. */
function demoOptions(options: Options): Options {
  const data = path.resolve(options.data ?? '.lockstep/demo');
  const project = path.join(data, 'project');
  makeDirectory(data);
  if (!existsSync(project)) cpSync(DEMO, project, { recursive: true });
  return { ...options, project, data };
}

function nothingToStart(mappings: readonly string[]): string {
  const names = mappings.length === 0 ? 'conf/sync.json has no mappings.' : `Mappings: ${mappings.join(', ')}.`;
  return `Nothing is reconciled at start unless conf/lockstep.json names it under "startup". ${names}\n`;
}

function nextSteps(options: Options): string {
  const where = `--project ${relative(options.project ?? '.')} --data ${relative(options.data ?? '.lockstep')}`;
  return `\nChange a file under ${relative(options.project ?? '.')}/data and look: npx lockstep plan MAPPING ${where}\n`;
}

function relative(directory: string): string {
  const short = path.relative(process.cwd(), directory);
  return short === '' ? '.' : short.startsWith('..') ? directory : short;
}
