import { formatPointer } from '../../base/json-pointer.ts';
import type { AnalyzedProject } from './analyzed-project.ts';
import { sourcesOf, type AttributeWrite } from './attribute-write.ts';
import { managedType, systemAttribute } from './collections.ts';
import type { Finding } from './finding.ts';

/** Attributes that are protected where they come from, and lie open where they are written. */
export function secretFlows({ config, writes }: AnalyzedProject): readonly Finding[] {
  return writes.flatMap((write) => {
    const secret =
      write.condition === 'ofTarget'
        ? undefined
        : sourcesOf(write).find((source) => isProtected(write.mapping.source, source));
    return secret === undefined || isProtected(write.mapping.target, write.target) ? [] : [finding(write, secret)];
  });

  function isProtected(collection: string, [name = '']: readonly string[]): boolean {
    const property = managedType(config, collection)?.properties.find((one) => one.name === name);
    if (property !== undefined) return property.encryption !== null || property.secureHash !== null;
    const attribute = systemAttribute(config, collection, name);
    return attribute !== null && (attribute.nativeName === '__PASSWORD__' || /guarded/i.test(attribute.nativeType));
  }
}

function finding({ mapping, target, pointer }: AttributeWrite, secret: readonly string[]): Finding {
  return {
    code: 'secret-in-the-open',
    severity: 'warning',
    file: mapping.file,
    pointer,
    message: `${formatPointer(secret)} of ${mapping.source} is protected, ${formatPointer(target)} of ${mapping.target}, which gets it, is not`,
    hint: 'Declare "encryption" or "secureHash" for the target attribute (nativeType JAVA_TYPE_GUARDEDSTRING in a provisioner file), or do not map it.',
  };
}
