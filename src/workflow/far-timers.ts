import type { ProgramSource } from './process-program.ts';

/**
 * The engine reads the clock of the machine and ends a timer whose time has come whenever it meets it. Here the workflow's own clock
 * decides, and one timer at a time is an input like any other. So every timer is set a thousand years late, and who looks
 * at one takes them off again.
 */
const FAR_MS = 1000 * 365 * 24 * 3600 * 1000;

/** Where the clock of a run is found by its timers. */
export const NOW_SERVICE = 'nowMs';

interface Parsed {
  readonly expireAt?: Date;
  readonly delay?: number;
  readonly repeat?: number;
}

interface Timer {
  parse(kind: string, value: string): Parsed;
  readonly environment: { readonly services: Readonly<Record<string, () => number>> };
}

type TimerConstructor = new (...args: readonly unknown[]) => Timer;
interface EventDefinition {
  readonly type?: string;
  Behaviour: TimerConstructor;
}

/** When a timer that the engine has set is due by the workflow's clock; NaN for what is no timer. */
export function dueTime(expireAt: unknown): number {
  return new Date(String(expireAt instanceof Date ? expireAt.toISOString() : expireAt)).getTime() - FAR_MS;
}

/** Makes the timers of a flow far ones. */
export function withFarTimers(source: ProgramSource): void {
  const { elements } = source as {
    elements: { activities: { behaviour?: { eventDefinitions?: EventDefinition[] } }[] };
  };
  for (const { behaviour } of elements.activities)
    for (const definition of behaviour?.eventDefinitions ?? [])
      if (definition.type === 'bpmn:TimerEventDefinition') definition.Behaviour = farTimer(definition.Behaviour);
}

function farTimer(Original: TimerConstructor): TimerConstructor {
  function FarTimer(...args: readonly unknown[]): Timer {
    const timer = new Original(...args);
    const parse = timer.parse.bind(timer);
    timer.parse = (kind, value) => {
      const parsed = parse(kind, value);
      const nowMs = timer.environment.services[NOW_SERVICE]!();
      const dueMs = kind === 'timeDate' ? Number(parsed.expireAt) : nowMs + (parsed.delay ?? 0);
      return { ...parsed, expireAt: new Date(dueMs + FAR_MS) };
    };
    return timer;
  }
  return FarTimer as unknown as TimerConstructor;
}
