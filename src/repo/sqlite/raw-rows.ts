import type { Link } from '../../model/link.ts';
import type { LinkWithObject, ObjectRow } from '../../model/repository.ts';
import type { RunEntry } from '../../model/run.ts';
import type { Json } from '../../base/json.ts';
import { parseDocument } from './document.ts';
import type { Cell } from './sqlite-database.ts';

/** Turn the flat lists that come from the thread of the database into what the contract speaks of. */

/** `skip` cells, then `id, rev, doc`, each. */
export function objectRows(cells: readonly Cell[], skip = 0): ObjectRow[] {
  const rows: ObjectRow[] = [];
  for (let i = skip; i < cells.length; i += 3 + skip) {
    const id = cells[i] as string;
    rows.push({ id, rev: cells[i + 1] as number, doc: parseDocument(id, cells[i + 2] as string) });
  }
  return rows;
}

/** `skip` cells, then `id, rev, linkQualifier, firstId, secondId`, each. */
export function linkRows(linkType: string, cells: readonly Cell[], skip = 0): Link[] {
  const links: Link[] = [];
  for (let i = skip; i < cells.length; i += 5 + skip) links.push(linkAt(linkType, cells, i));
  return links;
}

/** `row, id, rev, linkQualifier, firstId, secondId, linkType` each. */
export function typedLinkRows(cells: readonly Cell[]): Link[] {
  const links: Link[] = [];
  for (let i = 0; i < cells.length; i += 7) links.push(linkAt(cells[i + 6] as string, cells, i + 1));
  return links;
}

export function linkWithObjectRows(
  linkType: string,
  by: 'first' | 'second',
  cells: readonly Cell[],
): readonly LinkWithObject[] {
  const found: LinkWithObject[] = [];
  for (let i = 0; i < cells.length; i += 7) {
    const link = linkAt(linkType, cells, i);
    const id = by === 'first' ? link.secondId : link.firstId;
    const doc = cells[i + 6] as string | null;
    const object = doc === null ? null : { id, rev: cells[i + 5] as number, doc: parseDocument(id, doc) };
    found.push({ link, object });
  }
  return found;
}

/** `seq`, then the columns of the table, each. */
export function entryRows(runId: string, cells: readonly Cell[]): readonly RunEntry[] {
  const entries: RunEntry[] = [];
  for (let i = 0; i < cells.length; i += 15) {
    const json = (column: number): Json => {
      const text = cells[i + column] as string | null;
      return text === null ? null : (JSON.parse(text) as Json);
    };
    entries.push({
      runId,
      seq: cells[i] as number,
      status: cells[i + 1] as RunEntry['status'],
      timestampMs: cells[i + 2] as number,
      phase: cells[i + 3] as RunEntry['phase'],
      situation: cells[i + 4] as RunEntry['situation'],
      action: cells[i + 5] as RunEntry['action'],
      changeClass: cells[i + 6] as RunEntry['changeClass'],
      linkQualifier: cells[i + 7] as string,
      sourceId: cells[i + 8] as string | null,
      targetId: cells[i + 9] as string | null,
      ambiguousTargetIds: json(10) as RunEntry['ambiguousTargetIds'],
      before: json(11) as RunEntry['before'],
      after: json(12),
      message: cells[i + 13] as string | null,
      detail: json(14) as RunEntry['detail'],
    });
  }
  return entries;
}

/** A link whose columns begin at cell `i`. */
export function linkAt(linkType: string, cells: readonly Cell[], i: number): Link {
  return {
    id: cells[i] as string,
    rev: cells[i + 1] as number,
    linkType,
    linkQualifier: cells[i + 2] as string,
    firstId: cells[i + 3] as string,
    secondId: cells[i + 4] as string,
  };
}
