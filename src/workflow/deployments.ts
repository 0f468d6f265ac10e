import { createHash } from 'node:crypto';
import type { Diagnostic } from '../base/diagnostic.ts';
import { Failure, messageOf } from '../base/failure.ts';
import type { ObjectRow } from '../model/repository.ts';
import type { ProcessDefinition } from './process-definition.ts';
import { compileProcess, type ProcessProgram } from './process-program.ts';
import { readBpmn } from './read-file.ts';
import { DEFINITION_TYPE, docOf, type DefinitionDoc, type Row } from './records.ts';
import type { WorkflowFile } from './workflow-files.ts';
import type { WorkflowSurroundings } from './workflow-port.ts';

/**
 * The process definitions of a project. Each change of a file makes a new version; instances stay with the version that they
 * were started with, so that every version is kept.
 */
export interface Deployments {
  /** Makes these files the present ones. Answers what is wrong with them; a process with an error is not deployed. */
  deploy(files: readonly WorkflowFile[]): Promise<readonly Diagnostic[]>;
  /** The present version of a key, and an older one by its id. Throws `Failure('not-found')`. */
  byKey(key: string): Promise<Deployment>;
  byId(id: string): Promise<Deployment>;
  /** Whether instances may be started: its file is there, and it is the newest of its key. */
  isPresent(id: string): boolean;
}

export interface Deployment {
  readonly row: Row<DefinitionDoc>;
  readonly program: ProcessProgram;
}

interface State {
  readonly surroundings: Pick<WorkflowSurroundings, 'repository' | 'clock'>;
  /** Key → id. */
  present: ReadonlyMap<string, string>;
  readonly programs: Map<string, Promise<Deployment>>;
}

const MAX_PROGRAMS = 500;

export function openDeployments(surroundings: State['surroundings']): Deployments {
  const state: State = { surroundings, present: new Map(), programs: new Map() };
  return {
    deploy: (files) => deploy(state, files),
    byKey: async (key) => {
      const id = state.present.get(key);
      if (id !== undefined) return load(state, id);
      const known = [...state.present.keys()].toSorted().slice(0, 20).join(', ');
      throw new Failure(
        'not-found',
        `there is no process "${key}" in workflow/${known === '' ? '' : `: it has ${known}`}`,
      );
    },
    byId: (id) => load(state, id),
    isPresent: (id) => [...state.present.values()].includes(id),
  };
}

/** A process that can be deployed. */
export interface SoundProcess {
  readonly process: ProcessDefinition;
  readonly program: ProcessProgram;
  readonly file: WorkflowFile;
}

/** Reads files as they would be deployed; nothing is stored. A process that stands in two files counts in the first. */
export async function judgeFiles(
  files: readonly WorkflowFile[],
): Promise<{ readonly sound: readonly SoundProcess[]; readonly faults: readonly Diagnostic[] }> {
  const faults: Diagnostic[] = [];
  const sound = new Map<string, SoundProcess>();
  for (const file of files) {
    const read = readBpmn(file.xml, file.file);
    faults.push(...read.faults);
    for (const process of read.processes) {
      const fault = await refusal(process, file, sound);
      if (fault !== null) faults.push({ severity: 'error', file: file.file, pointer: '', ...fault });
    }
  }
  return { sound: [...sound.values()], faults };
}

/** Adds it to the sound ones, or says why not. */
async function refusal(
  process: ProcessDefinition,
  file: WorkflowFile,
  sound: Map<string, SoundProcess>,
): Promise<Pick<Diagnostic, 'message' | 'hint'> | null> {
  const { key } = process;
  const other = sound.get(key);
  if (other !== undefined)
    return { message: `the process "${key}" is in ${other.file.file} already`, hint: 'Give it another id.' };
  try {
    sound.set(key, { process, file, program: await compileProcess(file.xml, process) });
    return null;
  } catch (error) {
    return { message: messageOf(error) };
  }
}

async function deploy(state: State, files: readonly WorkflowFile[]): Promise<readonly Diagnostic[]> {
  const { sound, faults } = await judgeFiles(files);
  const present = new Map<string, string>();
  for (const { process, program, file } of sound) present.set(process.key, await keep(state, program, process, file));
  state.present = present;
  return faults;
}

/** The id under which this very text is kept, as a new version if it is new. */
async function keep(
  state: State,
  program: ProcessProgram,
  process: ProcessDefinition,
  { file, xml }: WorkflowFile,
): Promise<string> {
  const { repository, clock } = state.surroundings;
  const digest = createHash('sha256')
    .update(JSON.stringify([process.key, xml]))
    .digest('hex');
  for (;;) {
    const known = (await repository.objects.findByValue(DEFINITION_TYPE, 'key', [process.key])).map(rowOf);
    const newest = known.toSorted((a, b) => b.doc.version - a.doc.version)[0];
    const version = newest?.doc.digest === digest ? newest.doc.version : (newest?.doc.version ?? 0) + 1;
    const id = `${process.key}:${version}:${digest.slice(0, 8)}`;
    const { key, name, category, description } = process;
    const doc: DefinitionDoc = {
      key,
      version,
      name,
      category,
      description,
      resource: file,
      xml,
      digest,
      deployedMs: clock.nowMs(),
    };
    const row = newest?.id === id ? newest : { id, rev: 0, doc };
    state.programs.set(id, Promise.resolve({ row, program }));
    if (newest?.id === id) return id;
    const object = { kind: 'create', type: DEFINITION_TYPE, id, doc: docOf(doc) } as const;
    const result = await repository.commit({ units: [{ object }] });
    if (result.ok) return id;
    const [conflict] = result.conflicts;
    if (conflict?.code !== 'exists') throw new Failure(conflict?.code ?? 'internal', conflict?.message ?? 'not stored');
  }
}

function load(state: State, id: string): Promise<Deployment> {
  const known = state.programs.get(id) ?? read(state, id);
  state.programs.delete(id);
  state.programs.set(id, known);
  known.catch(() => state.programs.delete(id));
  for (const [oldest] of state.programs) {
    if (state.programs.size <= MAX_PROGRAMS) break;
    state.programs.delete(oldest);
  }
  return known;
}

async function read({ surroundings }: State, id: string): Promise<Deployment> {
  const [found] = await surroundings.repository.objects.readMany(DEFINITION_TYPE, [id]);
  if (found === undefined) throw new Failure('not-found', `there is no process definition ${id}`);
  const row = rowOf(found);
  const { processes } = readBpmn(row.doc.xml, row.doc.resource);
  const process = processes.find(({ key }) => key === row.doc.key);
  if (process === undefined)
    throw new Failure('corrupt', `the process definition ${id} that is stored cannot be read any more`);
  return { row, program: await compileProcess(row.doc.xml, process) };
}

function rowOf({ id, rev, doc }: ObjectRow): Row<DefinitionDoc> {
  return { id, rev, doc: doc as unknown as DefinitionDoc };
}
