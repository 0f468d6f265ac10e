import { systemClock } from '../../base/clock.ts';
import type { Repository } from '../../model/repository.ts';
import { openMemoryRepository } from '../../repo/memory/memory-repository.ts';
import { WORKFLOW_TYPES } from '../records.ts';

/** A repository for a test of workflows. */
export async function memoryRepository(): Promise<Repository> {
  const repository = openMemoryRepository(systemClock);
  await repository.objects.declareTypes(WORKFLOW_TYPES);
  return repository;
}
