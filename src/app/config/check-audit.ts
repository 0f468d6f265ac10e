import { auditPlace, type AuditRoots } from '../../audit/audit-directory.ts';
import { items, member, report, textOf, type Findings, type JsonNode } from './json-node.ts';

/** `audit.json`: where its files are to lie must be inside of the project and data directories, and not among our own. */
export function checkAudit(audit: JsonNode, roots: AuditRoots, findings: Findings): void {
  const locations = [
    ...items(member(audit, 'logTo')).map((one) => member(one, 'location')),
    ...items(member(audit, 'eventHandlers')).map((one) => member(member(one, 'config'), 'logDirectory')),
  ];
  for (const node of locations) {
    const location = textOf(node);
    if (location === null) continue;
    const { fault } = auditPlace(location, roots);
    if (fault === null) continue;
    const message = `the location of the audit files ${fault}`;
    report(findings, 'error', node, message, 'Name a directory relative to the project, such as "audit".');
  }
}
