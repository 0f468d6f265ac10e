import { parsePointer } from '../../base/json-pointer.ts';
import type { Json } from '../../base/json.ts';
import type { MappingConfig, NotOwned } from '../../mapping/mapping-config.ts';
import { entries, items, member, report, textOf, type Findings, type JsonNode } from './json-node.ts';
import { didYouMean } from './nearest-name.ts';
import { trimPath } from './read-mapping.ts';

/** That an attribute of a collection belongs to a mapping, or (`owner` is the collection) to no mapping. */
interface DeclaredOwner extends NotOwned {
  readonly collection: string;
  readonly node: JsonNode;
}

/**
 * Who owns which attribute: `ownership` of lockstep.json, `authoritative` of mappings and of their properties. Reports names that
 * do not exist and attributes with two owners (docs/spec/ownership.md).
 */
export function declaredOwners(
  lockstep: JsonNode | null,
  files: readonly (JsonNode | null)[],
  findings: Findings,
): readonly DeclaredOwner[] {
  const mappings = files.flatMap((file) => (file === null ? [] : items(member(file, 'mappings'))));
  const listed = lockstep === null ? [] : entries(member(lockstep, 'ownership')).flatMap(ofCollection);
  for (const one of listed) checkOwner(one, mappings, findings);
  const declared = [...listed, ...mappings.flatMap(ofMapping)];
  checkConflicts(declared, findings);
  return declared;
}

/** The mappings, each with the attributes that it has to leave alone. */
export function withOwners(
  mappings: readonly MappingConfig[],
  owners: readonly DeclaredOwner[],
): readonly MappingConfig[] {
  return mappings.map((mapping) => {
    const others = owners.filter(({ collection, owner }) => collection === mapping.target && owner !== mapping.name);
    if (others.length === 0) return mapping;
    return { ...mapping, notOwned: others.map(({ target, owner }) => ({ target, owner })) };
  });
}

function ofCollection([collection, node]: readonly [string, JsonNode]): readonly DeclaredOwner[] {
  return entries(node).flatMap(([attribute, value]) => {
    const owner = textOf(value);
    const target = parsePointer(attribute);
    if (owner === null || target.length === 0) return [];
    const path = trimPath(collection);
    return [{ collection: path, target, owner: trimPath(owner) === path ? path : owner, node: value }];
  });
}

function ofMapping(mapping: JsonNode): readonly DeclaredOwner[] {
  const [owner, path] = [textOf(member(mapping, 'name')), textOf(member(mapping, 'target'))];
  if (owner === null || path === null) return [];
  const collection = trimPath(path);
  const own = (text: string | null, node: JsonNode): readonly DeclaredOwner[] => {
    const target = parsePointer(text ?? '');
    return target.length === 0 ? [] : [{ collection, target, owner, node }];
  };
  const node = member(mapping, 'authoritative');
  const properties = items(member(mapping, 'properties'));
  const ofProperties = properties
    .filter((property) => node.value === true || member(property, 'authoritative').value === true)
    .flatMap((property) => own(textOf(member(property, 'target')), member(property, 'target')));
  const all = [...items(node).flatMap((one) => own(textOf(one), one)), ...ofProperties];
  return all.filter(({ target }, i) => all.findIndex((one) => isSame(one.target, target)) === i);
}

function checkOwner(
  { collection, owner, node }: DeclaredOwner,
  mappings: readonly JsonNode[],
  findings: Findings,
): void {
  if (owner === collection) return;
  const nameOf = (mapping: JsonNode): string => textOf(member(mapping, 'name')) ?? '';
  const found = mappings.find((mapping) => nameOf(mapping) === owner);
  if (found === undefined) {
    const hint =
      didYouMean(owner, mappings.map(nameOf)) ?? `Name a mapping onto ${collection}, or ${collection} itself.`;
    report(findings, 'error', node, `there is no mapping "${owner}"`, hint);
    return;
  }
  const target = trimPath(textOf(member(found, 'target')) ?? '');
  const hint = `Only a mapping onto ${collection} can own its attributes.`;
  if (target !== collection)
    report(findings, 'error', node, `the mapping "${owner}" writes ${target}, not ${collection}`, hint);
}

function checkConflicts(declared: readonly DeclaredOwner[], findings: Findings): void {
  declared.forEach((one, i) => {
    const other = declared
      .slice(0, i)
      .find(
        (known) => known.collection === one.collection && known.owner !== one.owner && touch(known.target, one.target),
      );
    if (other === undefined) return;
    const name = one.target.join('/');
    const place = `${other.node.document.file} ${other.node.tokens.join('/')}`;
    const message = `"${name}" of ${one.collection} belongs to "${other.owner}" and to "${one.owner}"`;
    report(findings, 'error', one.node, message, `An attribute has one owner. The other is declared in ${place}.`);
  });
}

/** One lies in the other: then only one mapping can own both. */
function touch(one: readonly Json[], other: readonly Json[]): boolean {
  const length = Math.min(one.length, other.length);
  return isSame(one.slice(0, length), other.slice(0, length));
}

function isSame(one: readonly Json[], other: readonly Json[]): boolean {
  return one.length === other.length && one.every((token, i) => token === other[i]);
}
