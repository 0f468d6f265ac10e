import { checkFilter } from './check-conditions.ts';
import { entries, items, member, report, textOf, type Findings, type JsonNode } from './json-node.ts';
import { didYouMean } from './nearest-name.ts';
import type { ProjectFacts } from './project-facts.ts';
import { queryText } from './read-set-query.ts';

/** `sourceQuery`, `targetQuery`, and the predefined queries that correlation scripts name in their text. */
export function checkQueries(mapping: JsonNode, facts: ProjectFacts, findings: Findings): void {
  checkSetQuery(member(mapping, 'sourceQuery'), textOf(member(mapping, 'source')) ?? '', facts, findings);
  checkSetQuery(member(mapping, 'targetQuery'), textOf(member(mapping, 'target')) ?? '', facts, findings);
  const correlation = member(mapping, 'correlationQuery');
  const target = textOf(member(mapping, 'target')) ?? '';
  for (const script of Array.isArray(correlation.value) ? items(correlation) : [correlation])
    for (const queryId of queryIdsIn(textOf(member(script, 'source')) ?? ''))
      checkQueryId(member(script, 'source'), queryId, target, facts, findings);
}

/** `_queryId: 'for-userName'` in the text of a script. */
function queryIdsIn(source: string): ReadonlySet<string> {
  return new Set(
    [...source.matchAll(/_queryId['"]?\s*\]?\s*[:=]\s*['"]([\w.-]{1,100})['"]/g)].map((match) => match[1]!),
  );
}

function checkSetQuery(node: JsonNode, path: string, facts: ProjectFacts, findings: Findings): void {
  for (const key of ['_queryFilter', 'queryFilter']) checkFilter(member(node, key), findings);
  const kinds = (['Filter', 'Id', 'Expression'] as const).filter((kind) => queryText(node.value, kind) !== null);
  if (kinds.length === 0 && entries(node).length > 0)
    report(findings, 'error', node, 'the query has neither _queryFilter nor _queryId', 'Add one of the two.');
  if (kinds.length > 1)
    report(findings, 'error', node, `the query has ${kinds.map((kind) => `_query${kind}`).join(' and ')}`, 'Keep one.');
  const queryId = queryText(node.value, 'Id');
  const resource = textOf(member(node, 'resourceName')) ?? path;
  if (queryId !== null) checkQueryId(node, queryId, resource, facts, findings);
  if (kinds.includes('Expression'))
    report(
      findings,
      'warning',
      node,
      '_queryExpression is in the language of a database and cannot be run here',
      'Use _queryFilter.',
    );
  const other = textOf(member(node, 'resourceName'));
  if (other !== null && !/^\/?(?:managed|system)\//.test(other))
    report(findings, 'warning', member(node, 'resourceName'), `"${other}" cannot be queried here`, 'Use a collection.');
}

function checkQueryId(node: JsonNode, queryId: string, path: string, facts: ProjectFacts, findings: Findings): void {
  if (queryId === 'query-all-ids' || queryId === 'query-all') return;
  if (/^\/?system\//.test(path)) {
    const hint = 'Systems know query-all-ids only; use _queryFilter.';
    report(findings, 'warning', node, `the query "${queryId}" cannot be sent to ${path}`, hint);
    return;
  }
  const query = Object.hasOwn(facts.queries, queryId) ? facts.queries[queryId] : undefined;
  if (query === undefined) {
    const hint =
      didYouMean(queryId, Object.keys(facts.queries)) ?? 'Define it in conf/repo.*.json, or use _queryFilter.';
    report(findings, 'warning', node, `the query "${queryId}" is not defined`, hint);
  } else if (query.template === null) {
    const hint = 'Use _queryFilter instead.';
    report(findings, 'warning', node, `the query "${queryId}" is too much database language to be translated`, hint);
  }
}
