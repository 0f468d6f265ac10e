import type { Diagnostic } from '../base/diagnostic.ts';
import type { ProjectConfig } from '../app/config/project-config.ts';
import type { ScriptFault, ScriptSource } from '../mapping/script-host.ts';
import { judgeFiles } from '../workflow/deployments.ts';
import { readBpmn } from '../workflow/read-file.ts';
import { readWorkflowFiles, type WorkflowFile } from '../workflow/workflow-files.ts';

export type CheckScript = (source: ScriptSource) => ScriptFault | null;

/** What is wrong with the files of `workflow/`, and policies that start a workflow which is not there. Nothing is stored. */
export async function workflowFindings(
  { directory, mappings }: Pick<ProjectConfig, 'directory' | 'mappings'>,
  check: CheckScript,
): Promise<readonly Diagnostic[]> {
  const { files, faults } = await readWorkflowFiles(directory);
  const judged = await judgeFiles(files);
  const keys = new Set(judged.sound.map(({ process }) => process.key));
  return [...faults, ...judged.faults, ...scriptFaults(files, check), ...missingWorkflows(mappings, keys)];
}

/** Script tasks that do not compile. The process is deployed all the same: it may never get there. */
export function scriptFaults(files: readonly WorkflowFile[], check: CheckScript): readonly Diagnostic[] {
  return files.flatMap(({ file, xml }) =>
    readBpmn(xml, file).processes.flatMap(({ works }) =>
      [...works.values()].flatMap((work): readonly Diagnostic[] => {
        if (work.kind !== 'script') return [];
        const label = `script task "${work.id}"`;
        const variables = ['execution', 'openidmcontext'];
        const fault = check({ label, code: work.code, file: null, type: 'text/javascript', variables, constants: {} });
        if (fault === null) return [];
        const [line, column] = [work.line + (fault.line ?? 1) - 1, fault.column ?? 1];
        const message = `the ${label} does not compile: ${fault.message}`;
        return [{ severity: 'error', file, pointer: '', line, column, message }];
      }),
    ),
  );
}

function missingWorkflows(mappings: ProjectConfig['mappings'], keys: ReadonlySet<string>): readonly Diagnostic[] {
  return mappings.flatMap(({ file, policies }) =>
    policies.flatMap(({ action, pointer, situation }): readonly Diagnostic[] => {
      if (action.kind !== 'script' || !/triggerWorkflow\w+\.js$/.test(action.script.file ?? '')) return [];
      const name = action.script.constants['workflowName'] ?? action.script.globals['workflowName'];
      if (typeof name === 'string' && keys.has(name)) return [];
      const message =
        typeof name === 'string'
          ? `there is no process "${name}" in workflow/: objects in the situation ${situation} fail`
          : `the action names no "workflowName": objects in the situation ${situation} fail`;
      const hint = 'The name is the id of a process in a BPMN file of workflow/.';
      return [{ severity: 'warning', file, pointer: `${pointer}/action`, message, hint }];
    }),
  );
}
