import { expect, it } from 'vitest';
import { formatDiagnostic } from '../base/diagnostic.ts';
import { connectorKinds } from '../app/connector-kinds.ts';
import { loadProject } from '../app/config/load-project.ts';
import { tempProject } from '../app/config/temp-project.ts';
import { bpmn, flows, script } from '../workflow/testing/bpmn.ts';
import { workflowFindings } from './check-workflow.ts';

const start = (constants: object) => ({
  situation: 'ABSENT',
  action: { type: 'text/javascript', file: 'workflow/triggerWorkflowFromSync.js', ...constants },
});
const mapping = { name: 'm', source: 'managed/a', target: 'managed/b', properties: [] };
const sound = bpmn(`<startEvent id="s"/>${script('t', 'ok')}<endEvent id="e"/>${flows('s -> t\n t -> e')}`);

it('policies that start nothing, scripts that do not compile, and processes that stand in two files are told with their places', async () => {
  using project = tempProject({
    'conf/managed.json': { objects: [{ name: 'a' }, { name: 'b' }] },
    'conf/sync.json': {
      mappings: [
        { ...mapping, policies: [start({ workflowName: 'p' })] },
        { ...mapping, name: 'n', policies: [start({ workflowName: 'gone' })] },
        { ...mapping, name: 'o', policies: [start({})] },
      ],
    },
    'workflow/a.bpmn': sound,
    'workflow/b.bpmn': sound,
    'workflow/c.bar': 'no archive',
  });
  const { config } = await loadProject(project.directory, { env: {}, connectorKinds });
  const found = await workflowFindings(config!, ({ label, code }) =>
    code === 'ok' ? { kind: 'syntax', message: 'bad', place: label, file: null, line: 2, column: 3 } : null,
  );
  expect(found.map((one) => formatDiagnostic(one).split('\n')[0])).toEqual([
    'error: workflow/c.bar: it is no zip archive',
    'error: workflow/b.bpmn: the process "p" is in workflow/a.bpmn already',
    'error: workflow/a.bpmn:6:3: the script task "t" does not compile: bad',
    'error: workflow/b.bpmn:6:3: the script task "t" does not compile: bad',
    'warning: conf/sync.json /mappings/1/policies/0/action: there is no process "gone" in workflow/: objects in the situation ABSENT fail',
    'warning: conf/sync.json /mappings/2/policies/0/action: the action names no "workflowName": objects in the situation ABSENT fail',
  ]);
});
