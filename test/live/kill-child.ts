import process from 'node:process';
import { openKillProject, readRows, writeRows } from './kill-project.ts';

/** Changes the file and brings the changes in, without end, until it is killed. Arguments: project directory, seed. */
const [directory = '', seed = '1'] = process.argv.slice(2);
let state = Number(seed) + 1;
const random = (below: number): number => {
  state = (state * 48_271) % 2_147_483_647;
  return state % below;
};

const { live } = await openKillProject(directory);
await live();
process.stdout.write('ready\n');
for (let i = 0; ; i++) {
  const rows = new Map(readRows(directory));
  for (let k = 0; k < 5; k++) {
    const uid = `u${random(30)}`;
    if (random(3) === 0) rows.delete(uid);
    else rows.set(uid, `${uid}-${seed}-${i}`);
  }
  writeRows(directory, rows);
  await live();
}
