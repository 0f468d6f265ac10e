import type { ListedPolicies, ManagedObjectConfig } from '../../managed/managed-config.ts';
import { compilePolicies } from '../../managed/policies/compile-policies.ts';
import { items, member, pointerOf, report, textOf, type Findings, type JsonNode } from './json-node.ts';
import type { LoadedFile } from './loaded-file.ts';

/**
 * The managed types with what `conf/policy.json` asks of them. Everything in that file, and in the policies of `managed.json`,
 * that is not checked here is told.
 */
export function withListedPolicies(
  managed: readonly ManagedObjectConfig[],
  file: LoadedFile | null,
  findings: Findings,
): readonly ManagedObjectConfig[] {
  const listed = file?.root == null ? new Map<string, ListedPolicies[]>() : readPolicies(file.root, managed, findings);
  return managed.map((type) => {
    const listedPolicies = listed.get(type.name);
    const whole = listedPolicies === undefined ? type : { ...type, listedPolicies };
    for (const fault of compilePolicies(whole).diagnostics) findings.push({ ...fault, severity: 'warning' });
    return whole;
  });
}

function readPolicies(
  root: JsonNode,
  managed: readonly ManagedObjectConfig[],
  findings: Findings,
): Map<string, ListedPolicies[]> {
  for (const script of items(member(root, 'additionalFiles')))
    warn(findings, script, `the policies of ${textOf(script) ?? 'this script'} are not checked`, SCRIPTED);
  const byType = new Map<string, ListedPolicies[]>();
  for (const resource of items(member(root, 'resources'))) {
    const path = textOf(member(resource, 'resource')) ?? '';
    const name = /^managed\/([^/]+)\/\*$/.exec(path)?.[1];
    if (name === undefined || !managed.some((type) => type.name === name)) {
      const hint =
        name === undefined ? 'Policies are checked for managed/<type>/*.' : 'conf/managed.json has no such type.';
      warn(findings, member(resource, 'resource'), `the policies of "${path}" are not checked`, hint);
      continue;
    }
    const properties = items(member(resource, 'properties')).flatMap((one) => readProperty(one, findings));
    byType.set(name, [...(byType.get(name) ?? []), ...properties]);
  }
  return byType;
}

function readProperty(node: JsonNode, findings: Findings): readonly ListedPolicies[] {
  const name = (textOf(member(node, 'name')) ?? '').replace(/^\//, '');
  const conditional = member(node, 'conditionalPolicies');
  if (items(conditional).length > 0)
    warn(findings, conditional, `property "${name}": policies with conditions are not checked`, CONDITIONAL);
  if (name !== '' && !/[/*[\]]/.test(name)) {
    const policies = member(node, 'policies').value ?? [];
    return [{ property: name, policies, file: node.document.file, pointer: pointerOf(node) }];
  }
  warn(
    findings,
    member(node, 'name'),
    `the policies of "${name}" are not checked`,
    'Name an attribute of the object itself.',
  );
  return [];
}

const SCRIPTED = 'Check in onValidate of conf/managed.json, which refuses by throwing.';
const CONDITIONAL = 'Those in "policies" are. Check the others in onValidate of conf/managed.json.';

function warn(findings: Findings, node: JsonNode, message: string, hint: string): void {
  report(findings, 'warning', node, message, hint);
}
