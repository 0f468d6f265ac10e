/** One minute as a clock on the wall shows it. */
export interface WallMinute {
  readonly atMs: number;
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  /** 1 is Sunday. */
  readonly weekday: number;
  /** The wall shows the same again later: as Quartz, it does not count yet. */
  readonly isRepeatedLater: boolean;
}

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** Every minute of some days, one by one, as `Intl` writes it: what the engine computes is not used. */
export function wallMinutes(timeZone: string, from: string, days: number): readonly WallMinute[] {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    weekday: 'short',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  const start = Date.parse(from);
  const seen = new Set<string>();
  const minutes: WallMinute[] = [];
  for (let i = days * 1440 - 1; i >= 0; i--) {
    const atMs = start + i * 60_000;
    const parts = Object.fromEntries(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
    const text = `${parts['year']} ${parts['month']} ${parts['day']} ${parts['hour']} ${parts['minute']}`;
    const [year, month, day, hour, minute] = text.split(' ').map(Number) as [number, number, number, number, number];
    const weekday = WEEKDAYS.indexOf(parts['weekday']!) + 1;
    minutes.push({ atMs, year, month, day, hour, minute, weekday, isRepeatedLater: seen.has(text) });
    seen.add(text);
  }
  return minutes.toReversed();
}
