import { changeFeedConformance } from '../../src/connector/change-feed.conformance.ts';
import { silentLog } from '../../src/base/log.ts';
import { system } from '../implicit/sync-project.ts';
import { fakeDirectory, fakeDirectoryKind, forgetDirectories } from './fake-directory.ts';

const property = { type: 'string', itemType: null, nativeType: 'string', isRequired: false, flags: [] } as const;

for (const isResumable of [true, false])
  changeFeedConformance(`the directory of the tests (${isResumable ? 'change numbers' : 'cookies'})`, async () => {
    forgetDirectories();
    const connector = fakeDirectoryKind.create(
      {
        ...(system('hr') as { name: string; configurationProperties: Record<string, never> }),
        enabled: true,
        connectorName: 'fake-directory',
        objectTypes: {
          account: {
            nativeType: '__ACCOUNT__',
            properties: { name: { ...property, nativeName: 'name' }, mail: { ...property, nativeName: 'mail' } },
          },
        },
      },
      { projectDirectory: '.', log: silentLog },
    );
    const directory = fakeDirectory('hr');
    Object.assign(directory, { canPush: true, isResumable });
    const feed = (await connector.feed!('account'))!;
    return {
      feed,
      put: async (name, mail) => {
        await directory.put(name, { name, mail });
        return name;
      },
      remove: (name) => directory.remove(name),
      rename: async (from, to) => {
        await directory.rename(from, to);
        return to;
      },
      expire: async () => {
        await directory.put('a', { name: 'a' });
        const token = await feed.latest();
        await directory.put('b', { name: 'b' });
        await directory.put('c', { name: 'c' });
        directory.forget(2);
        return token;
      },
      dispose: () => connector.close(),
    };
  });
