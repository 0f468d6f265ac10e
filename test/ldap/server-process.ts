import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const START_MS = 30_000;
const STOP_MS = 15_000;

/** A server that runs in the foreground as a child of the test. */
export interface ServerProcess {
  /** SIGKILL is a crash. Resolves when it has ended. */
  stop(signal: NodeJS.Signals): Promise<void>;
}

/** Starts a program, and waits until it takes connections on this port. Rejects with what it said, if it does not. */
export async function startServerProcess(
  program: string,
  args: readonly string[],
  port: number,
  host = '127.0.0.1',
): Promise<ServerProcess> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  // Where the tests are broken off, the server does not stay behind.
  const killChild = (): void => void child.kill('SIGKILL');
  process.once('exit', killChild);
  child.once('exit', () => process.off('exit', killChild));
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors = (errors + text).slice(-4000)));
  const giveUpAt = Date.now() + START_MS;
  while (Date.now() < giveUpAt) {
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}: ${errors}`);
    if (await canConnect(port, host)) return { stop: (signal) => stop(child, signal) };
    await sleep(20);
  }
  child.kill('SIGKILL');
  throw new Error(`${program} did not come up within ${START_MS} ms: ${errors}`);
}

function canConnect(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    const finish = (isUp: boolean): void => {
      socket.destroy();
      resolve(isUp);
    };
    socket.once('connect', () => finish(true));
    socket.once('error', () => finish(false));
  });
}

async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(timer);
}
