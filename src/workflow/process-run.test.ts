import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../base/json.ts';
import { resumeRun, startRun, type ProcessRun, type RunSurroundings, type Wait } from './process-run.ts';
import { bpmn, flows, programOf } from './testing/bpmn.ts';
import type { ProcessProgram } from './process-program.ts';

const HOUR = 3_600_000;
const user = (id: string, more = ''): string => `<userTask id="${id}" ${more}/>`;
const ends = '<startEvent id="start"/><endEvent id="end"/>';

/** Walks through a process in both ways: in one piece, and read from its state before every step. */
describe.each(['in one piece', 'resumed before each step'] as const)('a process %s', (way) => {
  async function walk(inside: string, variables: JsonObject = {}, nowMs = 0): Promise<Walk> {
    const program = await programOf(bpmn(inside));
    return openWalk(program, { variables: () => variables, nowMs: () => nowMs }, way === 'resumed before each step');
  }

  it('goes through its tasks one after the other', async () => {
    const run = await walk(`${ends}${user('a')}${user('b')}${flows('start -> a\n a -> b\n b -> end')}`);
    expect(run.waiting()).toEqual(['a']);
    await run.finish('a');
    expect(run.waiting()).toEqual(['b']);
    await run.finish('b');
    expect([run.waiting(), run.isOver()]).toEqual([[], true]);
  });

  it('takes the way whose condition holds, or the default', async () => {
    const inside = `${ends}<exclusiveGateway id="x" default="x_b_2"/>${user('a')}${user('b')}
      ${flows("start -> x\n x -> a: ${level > 2 && role == 'boss'}\n x -> b\n a -> end\n b -> end")}`;
    expect((await walk(inside, { level: 3, role: 'boss' })).waiting()).toEqual(['a']);
    expect((await walk(inside, { level: '3', role: 'boss' })).waiting()).toEqual(['a']);
    expect((await walk(inside, { level: 2, role: 'boss' })).waiting()).toEqual(['b']);
  });

  it('without a way whose condition holds cannot go on, and says so', async () => {
    const inside = `${ends}<exclusiveGateway id="x"/>${user('a')}${user('b')}
      ${flows('start -> b\n b -> x\n x -> a: ${yes == true}\n a -> end')}`;
    const run = await walk(inside, { yes: false });
    await expect(run.finish('b')).rejects.toThrow('the process "p" cannot go on: <x> no conditional flow taken');
    const other = await walk(inside, {});
    await expect(other.finish('b')).rejects.toThrow('there is no variable "yes"');
  });

  it('that comes round to the same place without waiting breaks off, and says where', async () => {
    const inside = `${ends}<task id="t"/><exclusiveGateway id="x"/>${user('a')}
      ${flows('start -> a\n a -> t\n t -> x\n x -> t: ${n == 0}\n x -> end: ${n == 1}')}`;
    const run = await walk(inside, { n: 0 });
    await expect(run.finish('a')).rejects.toThrow('it came to "t" 100 times without waiting for anything');
  });

  it('has as many elements in a loop as there are', async () => {
    const loop = (more: string): string =>
      `<multiInstanceLoopCharacteristics ${more}><loopCardinality>150</loopCardinality></multiInstanceLoopCharacteristics>`;
    const sub = `<subProcess id="sub">${loop('isSequential="false"')}<startEvent id="s1"/><task id="t"/>${user('inner')}<endEvent id="e1"/>
      ${flows('s1 -> t\n t -> inner\n inner -> e1')}</subProcess>`;
    expect((await walk(`${ends}${sub}${flows('start -> sub\n sub -> end')}`)).waiting()).toHaveLength(150);
    const plain = `<task id="t">${loop('isSequential="true"')}</task>${user('a')}`;
    expect((await walk(`${ends}${plain}${flows('start -> t\n t -> a\n a -> end')}`)).waiting()).toEqual(['a']);
  });

  it('waits for all branches where they join', async () => {
    const inside = `${ends}<parallelGateway id="fork"/><parallelGateway id="join"/>${user('a')}${user('b')}${user('c')}
      ${flows('start -> fork\n fork -> a\n fork -> b\n a -> join\n b -> join\n join -> c\n c -> end')}`;
    const run = await walk(inside);
    expect(run.waiting()).toEqual(['a', 'b']);
    await run.finish('b');
    expect(run.waiting()).toEqual(['a']);
    await run.finish('a');
    expect(run.waiting()).toEqual(['c']);
    await run.finish('c');
    expect(run.isOver()).toBe(true);
  });

  it('takes every branch of an inclusive gateway that applies', async () => {
    const inside = `${ends}<inclusiveGateway id="fork"/><inclusiveGateway id="join"/>${user('a')}${user('b')}${user('c')}
      ${flows('start -> fork\n fork -> a: ${a}\n fork -> b: ${b}\n fork -> c: ${c}\n a -> join\n b -> join\n c -> join\n join -> end')}`;
    const run = await walk(inside, { a: true, b: 'true', c: 'false' });
    expect(run.waiting()).toEqual(['a', 'b']);
    await run.finish('a');
    await run.finish('b');
    expect(run.isOver()).toBe(true);
  });

  it('goes into a sub-process and out of it', async () => {
    const sub = `<subProcess id="sub"><startEvent id="s1"/>${user('inner')}<endEvent id="e1"/>${flows('s1 -> inner\n inner -> e1')}</subProcess>`;
    const run = await walk(`${ends}${sub}${user('after')}${flows('start -> sub\n sub -> after\n after -> end')}`);
    expect(run.waiting()).toEqual(['inner']);
    await run.finish('inner');
    await run.finish('after');
    expect(run.isOver()).toBe(true);
  });

  it('sets a timer by the clock that it is given', async () => {
    const inside = `${ends}<intermediateCatchEvent id="t"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></intermediateCatchEvent>
      ${flows('start -> t\n t -> end')}`;
    const run = await walk(inside, {}, 5 * HOUR);
    expect(run.waits()).toMatchObject([{ id: 't', kind: 'timer', dueMs: 6 * HOUR }]);
    await run.finish('t');
    expect(run.isOver()).toBe(true);
    const dated = inside.replace('<timeDuration>PT1H</timeDuration>', '<timeDate>${when}</timeDate>');
    const other = await walk(dated, { when: '1999-12-31T23:00:00Z' });
    expect(other.waits()).toMatchObject([{ dueMs: Date.UTC(1999, 11, 31, 23) }]);
  });

  it('leaves a task whose boundary timer interrupts it', async () => {
    const boundary = `<boundaryEvent id="late" attachedToRef="a"><timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition></boundaryEvent>`;
    const inside = `${ends}${user('a')}${user('b')}${boundary}${flows('start -> a\n a -> end\n late -> b\n b -> end')}`;
    const run = await walk(inside);
    expect(run.waiting()).toEqual(['a', 'late']);
    await run.finish('late');
    expect(run.waiting()).toEqual(['b']);
    const other = await walk(inside);
    await other.finish('a');
    expect([other.waiting(), other.isOver()]).toEqual([[], true]);
  });

  it('keeps a task whose boundary timer only reminds', async () => {
    const boundary = `<boundaryEvent id="late" attachedToRef="a" cancelActivity="false"><timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition></boundaryEvent>`;
    const run = await walk(
      `${ends}${user('a')}${user('b')}${boundary}${flows('start -> a\n a -> end\n late -> b\n b -> end')}`,
    );
    await run.finish('late');
    expect(run.waiting()).toEqual(['a', 'b']);
    await run.finish('a');
    await run.finish('b');
    expect(run.isOver()).toBe(true);
  });

  it('repeats a timer as often as it says', async () => {
    const boundary = `<boundaryEvent id="again" attachedToRef="a" cancelActivity="false"><timerEventDefinition><timeCycle>R2/PT1H</timeCycle></timerEventDefinition></boundaryEvent>`;
    const run = await walk(
      `${ends}${user('a')}${user('b')}${boundary}${flows('start -> a\n a -> end\n again -> b\n b -> end')}`,
    );
    await run.finish('again');
    expect(run.waiting()).toEqual(['a', 'again', 'b']);
  });

  it('does an activity once for each element of a list', async () => {
    const loop = `<userTask id="a"><multiInstanceLoopCharacteristics isSequential="false" activiti:collection="people" activiti:elementVariable="person"/></userTask>`;
    const inside = `${ends}${loop}${flows('start -> a\n a -> end')}`;
    const run = await walk(inside, { people: ['ann', 'bob', 'cid'] });
    expect(run.waits().map(({ locals }) => locals['person'])).toEqual(['ann', 'bob', 'cid']);
    for (let left = 3; left > 0; left--) {
      expect(run.waiting()).toHaveLength(left);
      await run.finish('a');
    }
    expect(run.isOver()).toBe(true);
    const one = await walk(inside.replace('isSequential="false"', 'isSequential="true"'), { people: ['ann', 'bob'] });
    expect(one.waits().map(({ locals }) => locals['person'])).toEqual(['ann']);
    await one.finish('a');
    expect(one.waits().map(({ locals }) => locals['person'])).toEqual(['bob']);
    await one.finish('a');
    expect(one.isOver()).toBe(true);
  });

  it('tells inside a looping sub-process which element it is about', async () => {
    const sub = `<subProcess id="sub"><multiInstanceLoopCharacteristics activiti:collection="people" activiti:elementVariable="person"/>
      <startEvent id="s1"/>${user('inner')}<endEvent id="e1"/>${flows('s1 -> inner\n inner -> e1')}</subProcess>`;
    const run = await walk(`${ends}${sub}${flows('start -> sub\n sub -> end')}`, { people: ['ann', 'bob'] });
    expect(run.waits().map(({ locals }) => locals['person'])).toEqual(['ann', 'bob']);
    await run.finish('inner');
    await run.finish('inner');
    expect(run.isOver()).toBe(true);
  });

  it('hands work out, and goes on with what came of it', async () => {
    const inside = `${ends}<scriptTask id="s" scriptFormat="javascript"><script>1</script></scriptTask>
      <serviceTask id="v"/>${user('caught')}<boundaryEvent id="bad" attachedToRef="v"><errorEventDefinition/></boundaryEvent>
      ${flows('start -> s\n s -> v\n v -> end\n bad -> caught\n caught -> end')}`;
    const run = await walk(inside);
    expect(run.waits()).toMatchObject([{ id: 's', kind: 'work' }]);
    await run.finish('s');
    expect(run.waits()).toMatchObject([{ id: 'v', kind: 'work' }]);
    await run.fail('v', 'no such user');
    expect(run.waiting()).toEqual(['caught']);
  });

  it('an error that nothing catches breaks it off', async () => {
    const run = await walk(`${ends}<serviceTask id="v"/>${flows('start -> v\n v -> end')}`);
    await expect(run.fail('v', 'no such user')).rejects.toThrow('cannot go on: no such user');
  });

  it('waits for messages and signals from outside', async () => {
    const inside = `${ends}<receiveTask id="r"/><intermediateCatchEvent id="c"><signalEventDefinition/></intermediateCatchEvent>
      ${flows('start -> r\n r -> c\n c -> end')}`;
    const run = await walk(inside);
    expect(run.waits()).toMatchObject([{ id: 'r', kind: 'event' }]);
    await run.finish('r');
    expect(run.waits()).toMatchObject([{ id: 'c', kind: 'event' }]);
    await run.finish('c');
    expect(run.isOver()).toBe(true);
  });

  it('ends as a whole where it is terminated', async () => {
    const inside = `${ends}<parallelGateway id="fork"/>${user('a')}${user('b')}<endEvent id="stop"><terminateEventDefinition/></endEvent>
      ${flows('start -> fork\n fork -> a\n fork -> b\n a -> stop\n b -> end')}`;
    const run = await walk(inside);
    await run.finish('a');
    expect([run.waiting(), run.isOver()]).toEqual([[], true]);
  });

  it('of two events takes the one that comes first', async () => {
    const timer = `<intermediateCatchEvent id="t"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></intermediateCatchEvent>`;
    const inside = `${ends}<eventBasedGateway id="g"/>${timer}<receiveTask id="r"/>${user('late')}
      ${flows('start -> g\n g -> t\n g -> r\n t -> late\n r -> end\n late -> end')}`;
    const run = await walk(inside);
    expect(run.waiting()).toEqual(['r', 't']);
    await run.finish('t');
    expect(run.waiting()).toEqual(['late']);
  });
});

interface Walk {
  waits(): readonly Wait[];
  /** Ids, sorted. */
  waiting(): readonly string[];
  isOver(): boolean;
  finish(id: string): Promise<void>;
  fail(id: string, message: string): Promise<void>;
}

async function openWalk(program: ProcessProgram, surroundings: RunSurroundings, resumes: boolean): Promise<Walk> {
  let run: ProcessRun = await startRun(program, surroundings);
  const fresh = async (): Promise<ProcessRun> => {
    if (resumes) run = await resumeRun(program, JSON.parse(JSON.stringify(run.state())) as JsonObject, surroundings);
    return run;
  };
  const find = (id: string): string => run.waits.find((wait) => wait.id === id)!.executionId;
  return {
    waits: () => run.waits,
    waiting: () => run.waits.map(({ id }) => id).toSorted(),
    isOver: () => run.isOver,
    finish: async (id) => {
      const { executionId } = (await fresh()).waits.find((wait) => wait.id === id)!;
      run = await run.apply({ kind: 'done', executionId });
      if (resumes && !run.isOver) await fresh();
    },
    fail: async (id, message) => {
      await fresh();
      run = await run.apply({ kind: 'error', executionId: find(id), code: null, message });
      if (resumes && !run.isOver) await fresh();
    },
  };
}
