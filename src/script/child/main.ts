import process from 'node:process';
import vm from 'node:vm';
import { messageOf } from '../../base/failure.ts';
import type { CreateProgram } from '../../mapping/script-host.ts';
import { furthest } from '../compile/analyze-script.ts';
import type { BatchMessage, ChildLimits, OpenMessage } from '../protocol.ts';
import { runBatch, type Workplace } from './batch.ts';
import { buildRealm } from './build-realm.ts';
import { Channel } from './channel.ts';
import { harden } from './harden.ts';
import { HostLink } from './host-link.ts';
import { Outbox } from './outbox.ts';
import { createRuntime } from './runtime.ts';

/** The script process: opens one session, then works through batches until its input ends. Wholly synchronous. */

const WORK = 'lockstep$work';
const START = new vm.Script(`globalThis.${WORK}()`);
const channel = new Channel(3, 4);

try {
  serve(await open());
} catch (thrown) {
  channel.write('F', messageOf(thrown));
  process.exit(70);
}

interface Session extends Workplace {
  readonly limits: ChildLimits;
  readonly care: { isOn: boolean };
}

async function open(): Promise<Session> {
  const message = JSON.parse(channel.read().text) as OpenMessage;
  const outbox = new Outbox(channel);
  const link = new HostLink(channel, outbox);
  const scripts = message.slots.flatMap((slot) => (slot.ok ? [slot.script] : []));
  const realm = buildRealm(link, { allowEval: scripts.some((script) => script.usesEval) });
  link.context = realm.context;
  const { createProgram } = (await import(message.programUrl)) as { readonly createProgram: CreateProgram };
  const care = { isOn: false };
  const runtime = createRuntime(realm, message.slots, (slot) => {
    if (care.isOn) channel.write('S', String(slot));
  });
  const program = createProgram(message.payload, runtime);
  harden();
  const reach = furthest(scripts.map((script) => script.reach));
  return { name: message.name, limits: message.limits, realm, program, link, outbox, reach, care };
}

function serve(session: Session): never {
  channel.write('O', '');
  for (;;) {
    const batch = session.realm.json.parse(session.link.nextFrame().text) as BatchMessage;
    session.care.isOn = batch.careful;
    if (runWithinBounds(() => runBatch(session, batch), boundMs(session, batch))) continue;
    channel.write('X', '');
    process.exit(0);
  }
}

/** The server stops this process long before; this is for the day on which the server itself is gone. */
function boundMs({ limits }: Session, batch: BatchMessage): number {
  return 10_000 + batch.items.length * limits.timeoutMs + 2 * limits.hostCallMs;
}

function runWithinBounds(work: () => boolean, timeout: number): boolean {
  Reflect.set(globalThis, WORK, work);
  return START.runInThisContext({ timeout }) as boolean;
}
