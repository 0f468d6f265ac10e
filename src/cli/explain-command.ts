import { describeQuery, explain, type Subject } from '../app/explain.ts';
import { UsageError, type Arguments } from './arguments.ts';
import { EXIT } from './exit-codes.ts';
import { withProject } from './open.ts';

export async function explainCommand({ operands, options }: Arguments): Promise<number> {
  const [name] = operands;
  if (name === undefined) throw new UsageError('explain takes the name of a mapping');
  const subject = subjectOf(options.source, options.target);
  return withProject(
    options,
    async (lockstep) => {
      const explanations = await explain(lockstep, lockstep.mappingConfig(name), subject);
      if (options.json === true) process.stdout.write(`${JSON.stringify(explanations.map(toJson), null, 2)}\n`);
      else
        for (const { linkQualifier, sentences } of explanations)
          process.stdout.write(
            `${name}, ${subject.kind} ${subject.id}, qualifier "${linkQualifier}":\n${sentences.map((line) => `  ${line}\n`).join('')}`,
          );
      return explanations.some(({ change }) => change.outcome === 'failed') ? EXIT.failed : EXIT.ok;
    },
    true,
  );
}

function subjectOf(source: string | undefined, target: string | undefined): Subject {
  if (source !== undefined && target === undefined) return { kind: 'source', id: source };
  if (target !== undefined && source === undefined) return { kind: 'target', id: target };
  throw new UsageError('explain takes either --source ID or --target ID');
}

function toJson({ linkQualifier, change, sentences }: Awaited<ReturnType<typeof explain>>[number]): object {
  const { situation, action, rule, outcome, sourceId, targetId, trace, message, evidence } = change;
  const query =
    evidence.kind === 'source' && evidence.correlation.query !== null
      ? describeQuery(evidence.correlation.query)
      : null;
  return {
    linkQualifier,
    sourceId,
    targetId,
    situation,
    action,
    rule,
    outcome,
    message,
    correlationQuery: query,
    attributes: trace,
    sentences,
  };
}
