import { Failure } from '../../base/failure.ts';
import { PASSWORD } from '../../connector/object-type.ts';
import type { ConnectorConfig } from '../../connector/contract.ts';
import { GROUPS } from './attribute-plan.ts';
import type { Directory, DirectoryFacts } from './directory.ts';
import { entryClass } from './entry-class.ts';

/**
 * Connects, logs in, and looks whether everything that the configuration names is there. Throws `bad-configuration` for what is not;
 * attributes that no object class knows are only told.
 */
export async function testDirectory(
  directory: Directory,
  config: ConnectorConfig,
  signal?: AbortSignal,
): Promise<void> {
  const { system, settings } = directory;
  const connection = await directory.connections.own(signal);
  try {
    for (const base of settings.baseContexts)
      if ((await connection.read(base, ['1.1'], { signal })) === null)
        throw new Failure(
          'bad-configuration',
          `${system}: the base context "${base}" does not exist, or the account may not see it; check "baseContexts"`,
        );
  } finally {
    connection.close();
  }
  const facts = await directory.facts(signal);
  for (const [name, { nativeType, properties }] of Object.entries(config.objectTypes)) {
    checkClasses(directory, facts, name, nativeType);
    const natives = Object.values(properties).map((property) => property.nativeName);
    tellUnknown(directory, facts, name, natives);
  }
  if (settings.authType === 'anonymous')
    directory.log.write('warn', `${system} is used without a login: "principal" is not set`);
}

function checkClasses(
  { system, settings }: Directory,
  { schema }: DirectoryFacts,
  name: string,
  nativeType: string,
): void {
  if (schema === null || schema.objectClasses.length === 0) return;
  const unknown = entryClass(nativeType, settings).objectClasses.find((one) => schema.objectClass(one) === null);
  if (unknown === undefined) return;
  const where =
    nativeType === '__ACCOUNT__'
      ? 'accountObjectClasses'
      : nativeType === '__GROUP__'
        ? 'groupObjectClasses'
        : 'nativeType';
  throw new Failure(
    'bad-configuration',
    `${system}/${name}: the directory has no object class ${unknown}; check "${where}"`,
  );
}

function tellUnknown(
  { system, settings, log }: Directory,
  { schema }: DirectoryFacts,
  name: string,
  natives: readonly string[],
): void {
  if (schema === null || schema.attributeTypes.length === 0) return;
  for (const native of natives) {
    const attribute = native === PASSWORD ? settings.passwordAttribute : native;
    if (attribute.startsWith('__') || attribute === GROUPS || schema.attributeType(attribute) !== null) continue;
    log.write('warn', `${system}/${name}: the directory has no attribute ${attribute}; it stays empty`);
  }
}
