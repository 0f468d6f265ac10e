import type { ObjectTypeConfig, PropertyConfig } from '../../connector/contract.ts';
import type { ManagedObjectConfig } from '../../managed/managed-config.ts';
import type { ProjectConfig, ProvisionerConfig } from '../config/project-config.ts';

/** The object type of an external system; null for other collections and for what is not configured. */
export function systemType(config: ProjectConfig, collection: string): ObjectTypeConfig | null {
  const type = collection.split('/')[2] ?? '';
  const types = systemOf(config, collection)?.objectTypes ?? {};
  return Object.hasOwn(types, type) ? types[type]! : null;
}

export function systemOf(config: ProjectConfig, collection: string): ProvisionerConfig | null {
  const [root, system] = collection.split('/');
  return root === 'system' ? (config.connectors.find(({ name }) => name === system) ?? null) : null;
}

export function systemAttribute(config: ProjectConfig, collection: string, attribute: string): PropertyConfig | null {
  const properties = systemType(config, collection)?.properties ?? {};
  return Object.hasOwn(properties, attribute) ? properties[attribute]! : null;
}

export function managedType({ managed }: ProjectConfig, collection: string): ManagedObjectConfig | null {
  return managed.find(({ name }) => collection === `managed/${name}`) ?? null;
}
