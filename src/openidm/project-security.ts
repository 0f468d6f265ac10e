import type { Lockstep } from '../app/lockstep.ts';
import type { StoredObject } from '../model/object-set.ts';
import type { Repository } from '../model/repository.ts';
import { repositoryAccounts } from '../security/accounts.ts';
import type { HashCost } from '../security/password-hash.ts';
import { openSecurity, type Security } from '../security/security.ts';
import { authenticationResource } from './authentication-resource.ts';
import { infoResource, type InfoResourceOptions } from './info-resource.ts';

type Parts = Pick<
  Lockstep,
  'config' | 'repository' | 'crypto' | 'audit' | 'dataDirectory' | 'clock' | 'newId' | 'log' | 'router'
>;

export interface ProjectSecurityOptions extends Omit<InfoResourceOptions, 'security'> {
  /** Has the administrator's password at the first start. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What a password hash costs; tests make it cheap. */
  readonly passwordCost?: HashCost;
}

/**
 * Opens the security of a project and puts it into its tree: the access rules as a filter, `info`, `authentication`. The
 * caller shows `firstPassword`, if there is one.
 */
export async function openProjectSecurity(lockstep: Parts, options: ProjectSecurityOptions): Promise<Security> {
  const { repository, crypto, audit, dataDirectory, clock, newId, log, router } = lockstep;
  const security = await openSecurity({
    accounts: repositoryAccounts(repository),
    settings: () => lockstep.config.lockstep,
    crypto,
    dataDirectory,
    env: options.env,
    ...(options.passwordCost === undefined ? {} : { passwordCost: options.passwordCost }),
    clock,
    newId,
    log,
    record: (event) => audit.record([event]),
    readObject: (path) => readStored(repository, path),
    editableFields: (collection) => editableFields(lockstep, collection),
  });
  router.addFilter(security.filter);
  router.mount('info', infoResource({ security, ...options }));
  router.mount('authentication', authenticationResource(security));
  return security;
}

/** A managed object as it is kept, private properties and all. */
async function readStored(repository: Repository, path: string): Promise<StoredObject | null> {
  const [collection, type, ...id] = path.split('/');
  if (collection !== 'managed' || type === undefined || id.length === 0) return null;
  const [row] = await repository.objects.readMany(type, [id.join('/')]);
  if (row === undefined) return null;
  const rev = String(row.rev);
  return { id: row.id, rev, object: { ...row.doc, _id: row.id, _rev: rev } };
}

/** Properties with `userEditable: true` in `managed.json`, apart from computed ones. */
function editableFields({ config }: Pick<Lockstep, 'config'>, collection: string): readonly string[] {
  const type = config.managed.find(({ name }) => `managed/${name}` === collection);
  const properties = type?.properties ?? [];
  return properties.filter(({ raw, isVirtual }) => raw['userEditable'] === true && !isVirtual).map(({ name }) => name);
}
