import process from 'node:process';
import { systemClock } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import { uuidV7Source } from '../../base/uuid.ts';
import { ownerName } from '../../recon/lease.ts';
import { openSqliteRepository } from '../../repo/sqlite/sqlite-repository.ts';
import { openScheduler } from '../../schedule/scheduler.ts';
import { storedBook } from '../../schedule/stored-book.ts';
import { leaseExclusion } from '../open-scheduler.ts';

/** A process that takes a job and then waits for its death: `node mortal-scheduler.ts FILE`. */
const repository = await openSqliteRepository({ file: process.argv[2]!, clock: systemClock });
const newId = uuidV7Source(systemClock);
const exclusion = leaseExclusion(repository.leases, ownerName(newId()));
const scheduler = openScheduler({
  stored: await storedBook(repository, silentLog),
  exclusion: {
    ...exclusion,
    hold: () => {
      process.stdout.write('taken\n');
      return new Promise(() => setInterval(() => {}, 1000));
    },
  },
  nodeId: 'mortal',
  fire: async () => void process.stdout.write('fired\n'),
  clock: systemClock,
  log: silentLog,
  newId,
});
await scheduler.start();
