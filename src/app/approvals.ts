import { createHash } from 'node:crypto';
import { isoTime } from '../base/clock.ts';
import { messageOf } from '../base/failure.ts';
import { deepEqual, isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import { parseFilter } from '../base/query-filter.ts';
import type { ObjectRow, Repository, RowWrite } from '../model/repository.ts';
import type { PlannedChange, ProposedChange } from '../sync/planned-change.ts';
import type { ApprovalRows } from '../sync/world.ts';
import { docOf, TASK_TYPE, variableTexts, WORKFLOW_TYPES, type TaskDoc } from '../workflow/records.ts';
import type { Lockstep } from './lockstep.ts';
import { masked, secretsOf } from './secrets.ts';

/** What an approval is about, as its task holds it. Values of secrets are masked. */
export interface ApprovalFacts {
  readonly mapping: string;
  readonly situation: string;
  readonly action: string;
  readonly changeClass: string;
  readonly sourceId: string | null;
  readonly targetId: string | null;
  readonly linkQualifier: string;
  readonly phase: 'source' | 'target';
  readonly reconId: string | null;
  readonly before: Json;
  readonly after: Json;
  readonly onReject: string | null;
  /** Somebody has answered, and what follows from it is being done. */
  readonly decision?: 'accept' | 'reject';
}

/** Of which run or push, and through what mapping. */
export interface ApprovalOrigin {
  readonly mapping: string;
  readonly source: string;
  readonly target: string;
  readonly reconId: string | null;
}

const USERS = 'user';
const MAX_USERS = 1000;
const SHOWN = 20;

/**
 * The tasks of approvals. The id of a task says what it is about, so that the repository itself sees to it that nobody is asked the same
 * twice while the first question is open.
 */
export function approvalRows(
  lockstep: Pick<Lockstep, 'repository' | 'clock' | 'config' | 'log'>,
  origin: ApprovalOrigin,
): ApprovalRows {
  const { repository, clock, config, log } = lockstep;
  const isSecret = secretsOf(config);
  const named = new Map<string, Promise<readonly string[]>>();
  const usersFor = (approver: string): Promise<readonly string[]> => {
    const known =
      named.get(approver) ??
      usersOf(repository, approver).catch((error: unknown) => {
        log.write(
          'warn',
          `mapping "${origin.mapping}": the approvers ${JSON.stringify(approver)} are not known: ${messageOf(error)}`,
        );
        return [];
      });
    named.set(approver, known);
    return known;
  };
  return {
    rowsFor: async (changes) => {
      await repository.objects.declareTypes(WORKFLOW_TYPES);
      const ids = new Map(changes.map((change): [string, PlannedChange] => [idOf(change, origin), change]));
      const open = new Map((await repository.objects.readMany(TASK_TYPE, [...ids.keys()])).map((row) => [row.id, row]));
      const rows = new Map<PlannedChange, RowWrite>();
      for (const [id, change] of ids) {
        const { approvers } = change.proposed!.approval;
        const users = (await Promise.all(approvers.filter(isFilter).map(usersFor))).flat();
        const candidates = { groups: approvers.filter((one) => !isFilter(one)), users: [...new Set(users)] };
        const facts = factsOf(change, origin, isSecret);
        const doc = taskOf(id, facts, change.proposed!, origin, candidates, isoTime(clock.nowMs()));
        const row = rowOf(id, doc, open.get(id));
        if (row !== null) rows.set(change, row);
      }
      return rows;
    },
  };
}

/** What is being asked already is told anew when it would come to something else now. Null: nothing is to be written. */
function rowOf(id: string, doc: TaskDoc, open: ObjectRow | undefined): RowWrite | null {
  if (open === undefined) return { kind: 'create', type: TASK_TYPE, id, doc: docOf(doc) };
  const asked = open.doc as unknown as TaskDoc;
  const [was, is] = [asked.approval as JsonObject, doc.approval as JsonObject];
  const isSame =
    deepEqual(was['before'] ?? null, is['before'] ?? null) && deepEqual(was['after'] ?? null, is['after'] ?? null);
  if (isSame || was['decision'] !== undefined) return null;
  const { name, description, approval } = doc;
  return { kind: 'update', type: TASK_TYPE, id, rev: open.rev, doc: docOf({ ...asked, name, description, approval }) };
}

/** A role is one word. */
function isFilter(approver: string): boolean {
  return /\s/.test(approver.trim());
}

async function usersOf({ objects }: Repository, approver: string): Promise<readonly string[]> {
  const { rows } = await objects.page(USERS, { filter: parseFilter(approver), limit: MAX_USERS });
  return rows.map(({ id }) => id);
}

function idOf(
  { proposed, situation, sourceId, targetId, evidence }: PlannedChange,
  { mapping }: ApprovalOrigin,
): string {
  const target = evidence.kind === 'target' || evidence.target !== null ? targetId : null;
  const facts = [mapping, situation, proposed!.action, sourceId, target, evidence.linkQualifier, evidence.kind];
  return createHash('sha256').update(JSON.stringify(facts)).digest('base64url');
}

function factsOf(change: PlannedChange, origin: ApprovalOrigin, isSecret: (name: string) => boolean): ApprovalFacts {
  const { situation, sourceId, targetId, evidence, before, after } = change;
  const { action, changeClass, approval } = change.proposed!;
  const harmless = (value: Json): Json => (isJsonObject(value) ? masked(value, isSecret) : value);
  return {
    mapping: origin.mapping,
    situation: situation ?? '',
    action,
    changeClass,
    sourceId,
    targetId: evidence.kind === 'target' || evidence.target !== null ? targetId : null,
    linkQualifier: evidence.linkQualifier,
    phase: evidence.kind,
    reconId: origin.reconId,
    before: harmless(before),
    after: harmless(after),
    onReject: approval.onReject,
  };
}

function taskOf(
  id: string,
  facts: ApprovalFacts,
  { approval }: ProposedChange,
  origin: ApprovalOrigin,
  candidates: { readonly groups: readonly string[]; readonly users: readonly string[] },
  createTime: string,
): TaskDoc {
  const { before: _, after: _after, ...flat } = facts;
  return {
    processInstanceId: null,
    processDefinitionId: null,
    processDefinitionKey: null,
    taskDefinitionKey: 'approval',
    executionId: id,
    name: approval.name ?? titleOf(facts, origin),
    description: [approval.description, ...changesOf(facts)].filter((line) => line !== null).join('\n'),
    assignee: null,
    owner: null,
    candidateUsers: candidates.users,
    candidateGroups: candidates.groups,
    priority: 50,
    dueDate: null,
    category: null,
    createTime,
    formKey: null,
    locals: {},
    variableTexts: variableTexts({ ...flat } as JsonObject),
    approval: facts as unknown as JsonObject,
  };
}

/** `CREATE managed/user for system/hr/account/7 (ABSENT)` */
function titleOf({ action, situation, sourceId, targetId }: ApprovalFacts, { source, target }: ApprovalOrigin): string {
  const what = targetId === null ? target : `${target}/${targetId}`;
  return `${action} ${what}${sourceId === null ? '' : ` for ${source}/${sourceId}`} (${situation})`;
}

/** `mail: a@x → b@x`, one line an attribute. */
function changesOf({ before, after }: ApprovalFacts): readonly string[] {
  const [was, is] = [isJsonObject(before) ? before : {}, isJsonObject(after) ? after : {}];
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])].filter((name) => !/^_(?:id|rev)$/.test(name));
  const lines = names.slice(0, SHOWN).map((name) => `${name}: ${textOf(was[name])} → ${textOf(is[name])}`);
  return names.length > SHOWN ? [...lines, `and ${names.length - SHOWN} more`] : lines;
}

function textOf(value: Json | undefined): string {
  if (value === undefined || value === null) return '–';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
