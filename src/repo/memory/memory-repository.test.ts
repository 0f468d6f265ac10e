import { repositoryConformance } from '../repository.conformance.ts';
import { openMemoryRepository } from './memory-repository.ts';

repositoryConformance('memory', async (clock) => openMemoryRepository(clock));
