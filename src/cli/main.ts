#!/usr/bin/env -S node --max-semi-space-size=16
// Works on whatever Node starts it: an older one hands over to the Node that was installed with this package. The young generation
// of 16 MiB halves keeps some 90 MiB of memory at the same speed (docs/benchmarks.md).
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const NEEDED = 24;
const FLAGS = ['--max-semi-space-size=16'];

if (Number(process.versions.node.split('.')[0]) >= NEEDED) await start();
else process.exitCode = handOver();

async function start(): Promise<void> {
  const { runCommand } = await import('./run-command.ts');
  // Who reads along may stop doing so (`| head`); the run goes on to its end.
  process.stdout.on('error', () => {});
  process.exitCode = await runCommand(process.argv.slice(2));
}

function handOver(): number {
  const binary = fileURLToPath(new URL('../../node_modules/node/bin/node', import.meta.url));
  if (!existsSync(binary)) {
    process.stderr.write(
      `lockstep: needs Node ${NEEDED} or newer, not ${process.versions.node}; run "npm ci" in its directory\n`,
    );
    return 1;
  }
  const { status } = spawnSync(binary, [...FLAGS, ...process.argv.slice(1)], { stdio: 'inherit' });
  return status ?? 1;
}
