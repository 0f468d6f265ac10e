import { parseFilter, type Filter } from '../../base/query-filter.ts';
import { messageOf } from '../../base/failure.ts';

export type FilterResult =
  | { readonly ok: true; readonly filter: Filter }
  | { readonly ok: false; readonly message: string };

export function readFilter(text: string): FilterResult {
  try {
    return { ok: true, filter: parseFilter(text) };
  } catch (thrown) {
    return { ok: false, message: messageOf(thrown) };
  }
}
