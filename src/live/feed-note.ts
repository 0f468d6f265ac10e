import type { JsonObject } from '../base/json.ts';

/** What feeds keep between two walks, by source. Not below `repo/`: no request reaches them. */
export const MEMORY_OF_FEEDS = 'sync/feed';

export function noteDoc(value: string): JsonObject {
  return { value };
}

export function noteIn({ value }: JsonObject): string {
  return typeof value === 'string' ? value : '';
}
