import process from 'node:process';
import { SYSTEM_CALLER, type RequestContext } from '../../src/resource/context.ts';
import type { ResourceRequest } from '../../src/resource/request.ts';
import { openPushProject, randomSource } from './push-project.ts';

/** Changes managed objects without end, several at a time, until it is killed. Arguments: project directory, seed. */
const [directory = '', seed = '1'] = process.argv.slice(2);
const CONTEXT: RequestContext = {
  caller: SYSTEM_CALLER,
  transactionId: 'campaign',
  parentActionId: null,
  cause: 'rest',
  mode: 'live',
};
const PEOPLE = 12;
const WRITERS = 3;

const { lockstep } = await openPushProject(directory);
const random = randomSource(Number(seed));
process.stdout.write('ready\n');
await Promise.all(Array.from({ length: WRITERS }, () => change()));

async function change(): Promise<void> {
  for (let i = 0; ; i++) await lockstep.router.handle(request(i), CONTEXT).catch(() => {});
}

/** Some of them fail: what is there cannot be created, what is gone cannot be changed. */
function request(i: number): ResourceRequest {
  const id = `u${Math.floor(random() * PEOPLE)}`;
  const path = `managed/user/${id}`;
  const base = { parameters: {}, fields: null };
  const kind = random();
  const mail = `${id}-${i}@x`;
  if (kind < 0.4)
    return { verb: 'create', path: 'managed/user', newId: id, content: { userName: `name ${id}`, mail }, ...base };
  if (kind < 0.8) {
    const operations = [{ operation: 'replace', field: '/mail', value: mail }];
    return { verb: 'patch', path, rev: null, operations, ...base };
  }
  return { verb: 'delete', path, rev: null, ...base };
}
