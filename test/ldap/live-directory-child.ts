import process from 'node:process';
import { openLiveDirectory } from './live-directory.ts';

/** Brings changes of a directory in, without end, until it is killed. Argument: project directory. */
const { live } = await openLiveDirectory(process.argv[2] ?? '');
await live();
process.stdout.write('ready\n');
while (true) await live();
