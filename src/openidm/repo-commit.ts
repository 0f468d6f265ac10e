import { Failure } from '../base/failure.ts';
import type { CommitUnit, Repository } from '../model/repository.ts';

/** Writes one unit, or throws what stands in its way. */
export async function commitOne(repository: Repository, unit: CommitUnit): Promise<void> {
  const result = await repository.commit({ units: [unit] });
  if (result.ok) return;
  const { code, message } = result.conflicts[0]!;
  throw new Failure(code, message, { retryable: code === 'revision' });
}
