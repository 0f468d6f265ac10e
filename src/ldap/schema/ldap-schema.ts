import { Failure, messageOf } from '../../base/failure.ts';
import { parseAttributeType, parseContentRule, parseObjectClass } from './parse-definition.ts';
import type { AttributeType, ContentRule, Definition, ObjectClass, SchemaFault } from './schema.ts';
import { valueKindOf, type ValueKind } from './syntax.ts';

/** Attributes that a set of object classes asks for and allows: keys in lower case, the names as the schema writes them. */
export interface AllowedAttributes {
  readonly must: ReadonlyMap<string, string>;
  readonly may: ReadonlyMap<string, string>;
}

const MAX_DEPTH = 100;

/** Attributes that hold bytes, whatever syntax the server gives them. */
const PASSWORDS: ReadonlySet<string> = new Set(['userpassword', 'unicodepwd']);

/** A directory's schema. Names are found in any letter case, and by OID. */
export class LdapSchema {
  readonly attributeTypes: readonly AttributeType[];
  readonly objectClasses: readonly ObjectClass[];
  /** What could not be read; it is missing in the others. */
  readonly faults: readonly SchemaFault[];
  readonly #types: ReadonlyMap<string, AttributeType>;
  readonly #classes: ReadonlyMap<string, ObjectClass>;
  /** By the OID of the class. */
  readonly #contentRules: ReadonlyMap<string, ContentRule>;

  /** Takes the values of `attributeTypes`, `objectClasses` and `dITContentRules`. */
  constructor(
    attributeTypes: readonly string[],
    objectClasses: readonly string[],
    contentRules: readonly string[] = [],
  ) {
    const faults: SchemaFault[] = [];
    this.attributeTypes = parseAll(attributeTypes, parseAttributeType, faults);
    this.objectClasses = parseAll(objectClasses, parseObjectClass, faults);
    const rules = parseAll(contentRules, parseContentRule, faults);
    this.#contentRules = new Map(rules.map((rule) => [rule.oid, rule]));
    this.faults = faults;
    this.#types = byName(this.attributeTypes);
    this.#classes = byName(this.objectClasses);
  }

  /** Options (`;binary`) do not matter. Null where the schema does not have it. */
  attributeType(name: string): AttributeType | null {
    return this.#types.get(name.split(';', 1)[0]!.toLowerCase()) ?? null;
  }

  objectClass(name: string): ObjectClass | null {
    return this.#classes.get(name.toLowerCase()) ?? null;
  }

  /** The syntax of an attribute, from a superior where it has none of its own. Null where that is not known. */
  syntaxOf(name: string): string | null {
    return this.#inherited(name, ({ syntax }) => syntax);
  }

  /** The equality rule, likewise. */
  equalityOf(name: string): string | null {
    return this.#inherited(name, ({ equality }) => equality);
  }

  /** How values of an attribute are to be taken. `;binary` is bytes always. */
  valueKind(name: string): ValueKind {
    const [base, ...options] = name.toLowerCase().split(';');
    if (options.includes('binary') || PASSWORDS.has(base!)) return 'bytes';
    return valueKindOf(this.syntaxOf(name));
  }

  /** A class and all above it, the class itself first. Classes that are not known are left out. */
  withSuperiors(name: string): readonly ObjectClass[] {
    const found = new Map<string, ObjectClass>();
    const visit = (one: string): void => {
      const objectClass = this.objectClass(one);
      if (objectClass === null || found.has(objectClass.oid)) return;
      found.set(objectClass.oid, objectClass);
      objectClass.superiors.forEach(visit);
    };
    visit(name);
    return [...found.values()];
  }

  /** What entries of these classes must and may have; what they inherit, and what content rules add, included. */
  attributesOf(classNames: readonly string[]): AllowedAttributes {
    const own = classNames.flatMap((name) => this.withSuperiors(name));
    const rules = own.flatMap(({ oid }) => this.#contentRules.get(oid) ?? []);
    const added = rules.flatMap(({ auxiliaries }) => auxiliaries.flatMap((name) => this.withSuperiors(name)));
    const must = this.#named([...own, ...rules].flatMap((one) => one.must));
    // What an auxiliary class asks for the server adds itself, if need be (Active Directory: objectSid, sAMAccountName).
    const may = this.#named(
      [...own, ...rules, ...added].flatMap((one) => one.may).concat(added.flatMap((one) => one.must)),
    );
    for (const key of must.keys()) may.delete(key);
    return { must, may };
  }

  #named(names: readonly string[]): Map<string, string> {
    const shown = names.map((name) => this.attributeType(name)?.names[0] ?? name);
    return new Map(shown.map((name) => [name.toLowerCase(), name]));
  }

  #inherited(name: string, read: (type: AttributeType) => string | null): string | null {
    let type = this.attributeType(name);
    for (let depth = 0; type !== null && depth < MAX_DEPTH; depth++) {
      const value = read(type);
      if (value !== null) return value;
      type = type.superior === null ? null : this.attributeType(type.superior);
    }
    return null;
  }
}

function parseAll<T>(texts: readonly string[], parse: (text: string) => T, faults: SchemaFault[]): readonly T[] {
  const parsed: T[] = [];
  for (const definition of texts) {
    try {
      parsed.push(parse(definition));
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      faults.push({ definition, message: messageOf(thrown) });
    }
  }
  return parsed;
}

function byName<T extends Definition>(definitions: readonly T[]): ReadonlyMap<string, T> {
  return new Map(
    definitions.flatMap((definition) =>
      [definition.oid, ...definition.names].map((name): [string, T] => [name.toLowerCase(), definition]),
    ),
  );
}
