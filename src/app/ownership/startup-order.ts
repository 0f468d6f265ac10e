import type { AnalyzedProject } from './analyzed-project.ts';
import type { Finding } from './finding.ts';

/** Mappings that `startup` runs before the one that fills their source: they see yesterday's objects. */
export function startupOrder({ config }: AnalyzedProject): readonly Finding[] {
  const { startup } = config.lockstep;
  const byName = new Map(config.mappings.map((mapping) => [mapping.name, mapping]));
  return startup.flatMap((name, i) => {
    const mapping = byName.get(name);
    const late = startup.slice(i + 1).find((other) => {
      const later = byName.get(other);
      return later !== undefined && later.target === mapping?.source && later.source !== mapping.target;
    });
    if (mapping === undefined || late === undefined) return [];
    return [
      {
        code: 'startup-order' as const,
        severity: 'warning' as const,
        file: 'conf/lockstep.json',
        pointer: `/startup/${i}`,
        message: `"${name}" reads ${mapping.source} before "${late}" has filled it: what is new reaches ${mapping.target} one start later`,
        hint: `Name "${late}" before "${name}".`,
      },
    ];
  });
}
