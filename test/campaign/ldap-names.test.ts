import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LdapConnection } from '../../src/ldap/client/ldap-connection.ts';
import { silentLog } from '../../src/base/log.ts';
import { openAs } from '../ldap/conformance-subject.ts';
import { describeOn } from '../ldap/skipped-servers.ts';
import { CONTEXT } from '../live/kill-project.ts';
import {
  openLdapCampaignProject,
  PEOPLE,
  writeLdapCampaignProject,
  type LdapCampaignProject,
} from './ldap-campaign-project.ts';
import { campaignServer } from './ldap-campaign-server.ts';
import { Tempest } from './ldap-tempest.ts';

const UNIT = `ou=a,${PEOPLE}`;
const NAMES = ['a', 'b', 'c', 'd'];

/** What happens between two calls: `a>b` renames, `-a` deletes, `+a` creates. They are created as a, b, c, d. */
const STORIES: readonly (readonly [story: string, isCircle: boolean])[] = [
  ['b>b2 a>b', false],
  ['a>a2 b>a', false],
  ['c>c2 b>c a>b', false],
  ['a>a2 b>a c>b d>c', false],
  ['b>b2 +b', false],
  ['-b +b', false],
  ['-b a>b', false],
  ['-b c>b', false],
  ['b>b2 a>b +a -b2', false],
  ['b>b2 a>b b2>a2 +a', false],
  ['a>x b>a x>b', true],
  ['a>x b>a c>b x>c', true],
];

describe.each(['openldap', '389ds'] as const)('%s', (kind) => {
  describeOn(kind, 'people who take one another’s names', () => {
    let server: Awaited<ReturnType<typeof campaignServer>>;
    let connection: LdapConnection;
    let project: LdapCampaignProject;
    let serial = 0;
    const home = mkdtempSync(path.join(tmpdir(), 'lockstep-names-'));
    const dnOf = (uid: string): string => `uid=${uid},${UNIT}`;

    const add = (uid: string): Promise<unknown> =>
      connection.add(dnOf(uid), [
        { name: 'objectClass', values: ['inetOrgPerson'] },
        { name: 'uid', values: [uid] },
        { name: 'cn', values: [uid] },
        { name: 'sn', values: [uid] },
        { name: 'employeeNumber', values: [String(++serial)] },
      ]);
    const live = async (): Promise<void> => {
      const stage = await project.tree.live.live.call('system/people/account', { isDetailed: true }, CONTEXT);
      expect(stage['lastException'] ?? null).toBeNull();
    };
    const people = async (): Promise<readonly string[]> => {
      const found: string[] = [];
      for await (const items of connection.pagedSearch({ base: UNIT, filter: '(objectClass=inetOrgPerson)' }))
        for (const item of items) if (item.kind === 'entry') found.push(`${item.text('employeeNumber')} ${item.dn}`);
      return found.toSorted();
    };
    /** Number and place by the id of the managed user. */
    const users = async (): Promise<ReadonlyMap<string, string>> => {
      const { rows } = await project.lockstep.repository.objects.page('user', { limit: 1000 });
      return new Map(rows.map(({ id, doc }) => [id, `${String(doc['number'])} ${String(doc['place'])}`]));
    };
    const play = async (step: string): Promise<unknown> => {
      const [from = '', to] = step.split('>');
      if (to !== undefined) return connection.rename(dnOf(from), `uid=${to}`);
      return step.startsWith('-') ? connection.delete(dnOf(step.slice(1))) : add(step.slice(1));
    };

    beforeAll(async () => {
      server = await campaignServer(kind);
      await Tempest.prepare(server.login());
      connection = await openAs(server.login());
      writeLdapCampaignProject(home, server.login(), 'dn');
      project = await openLdapCampaignProject(home, silentLog);
      await live();
    });
    beforeEach(async () => {
      for (const one of await people()) await connection.delete(one.slice(one.indexOf(' ') + 1));
      await live();
      for (const name of NAMES) await add(name);
      await live();
    });
    afterAll(async () => {
      await project?.tree.close();
      await project?.lockstep.close();
      connection?.close();
      await server?.dispose();
      rmSync(home, { recursive: true, force: true });
    });

    it.each(STORIES)('%s', async (story, isCircle) => {
      const numberOf = (text: string): string => text.split(' ')[0]!;
      const before = new Map([...(await users())].map(([id, text]) => [numberOf(text), id]));
      for (const step of story.split(' ')) await play(step);
      await live();
      const after = await users();
      expect([...after.values()].toSorted()).toEqual(await people());
      // In a circle nobody can go first: then contents are exchanged, not links (docs/decisions/038).
      const exchanged = [...after].filter(([id, text]) => (before.get(numberOf(text)) ?? id) !== id);
      expect(isCircle ? [] : exchanged).toEqual([]);
    });
  });
});
