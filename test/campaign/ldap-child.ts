import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLog } from '../../src/base/log.ts';
import { CONTEXT } from '../live/kill-project.ts';
import { openLdapCampaignProject } from './ldap-campaign-project.ts';

/** Brings the changes of the directory in without end, until it is killed. Arguments: project directory, `calls` or `push`. */
const [directory = '', mode = 'calls'] = process.argv.slice(2);
const { tree } = await openLdapCampaignProject(directory, silentLog);
const live = (): Promise<unknown> => tree.live.live.call('system/people/account', { isDetailed: true }, CONTEXT);

if (mode === 'push') {
  for (let isFollowing = false; !isFollowing; await sleep(20))
    isFollowing = await tree.live.followers.follow('system/people/account', CONTEXT).then(
      () => true,
      () => false,
    );
  process.stdout.write('ready\n');
} else {
  process.stdout.write('ready\n');
  for (;;) {
    // The directory may be away.
    await live().catch(() => {});
    await sleep(5);
  }
}
