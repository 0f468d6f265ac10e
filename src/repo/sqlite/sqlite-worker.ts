import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../../base/assert.ts';
import type { DatabaseOptions } from './sqlite-database.ts';
import { SqliteStore, type StoreCalls } from './sqlite-store.ts';
import { callError, type AnswerMessage, type CallMessage } from './worker-calls.ts';

/** The thread of one database: opens the file at the first call, answers one call after the other, ends with `close`. */
const port = parentPort;
assert(port, 'sqlite-worker runs only as a worker thread');
const options = workerData as DatabaseOptions;
let store: SqliteStore | null = null;

port.on('message', ([number, method, args]: CallMessage) => {
  let answer: AnswerMessage;
  try {
    answer = [number, null, run(method, args)];
  } catch (thrown) {
    answer = [number, callError(thrown), null];
  }
  port.postMessage(answer);
  // nothing is left that would keep the thread
  if (method === 'close') port.close();
});

function run(method: string, args: readonly unknown[]): unknown {
  if (method === 'open') {
    store ??= new SqliteStore(options, args[0] as number);
    return null;
  }
  assert(store, 'the database is not open');
  if (method === 'close') {
    store.close();
    store = null;
    return null;
  }
  const call = store.calls[method as keyof StoreCalls] as (...args: readonly unknown[]) => unknown;
  return call(...args);
}
