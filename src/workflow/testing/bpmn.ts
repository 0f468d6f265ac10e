import { readBpmn } from '../read-file.ts';
import { compileProcess, type ProcessProgram } from '../process-program.ts';

/** A BPMN file around the inside of a process with the id `p`. */
export function bpmn(inside: string, attributes = ''): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xmlns:activiti="http://activiti.org/bpmn" xmlns:lockstep="https://lockstep/bpmn" targetNamespace="Examples">
  <process id="p" name="Example" ${attributes}>
${inside}
  </process>
</definitions>`;
}

/** `a -> b`, one a line; `a -> b: ${x == 1}` under a condition. */
export function flows(text: string): string {
  return text
    .trim()
    .split('\n')
    .map((line, i) => {
      const [, from, to, condition] = /^\s*(\w+)\s*->\s*(\w+)(?::\s*(.*))?$/.exec(line)!;
      const inner =
        condition === undefined
          ? ''
          : `<conditionExpression xsi:type="tFormalExpression"><![CDATA[${condition}]]></conditionExpression>`;
      return `<sequenceFlow id="${from}_${to}_${i}" sourceRef="${from}" targetRef="${to}">${inner}</sequenceFlow>`;
    })
    .join('\n');
}

export function script(id: string, code: string): string {
  return `<scriptTask id="${id}" scriptFormat="javascript"><script><![CDATA[${code}]]></script></scriptTask>`;
}

/** The program of the only process of a file; throws the first fault. */
export async function programOf(xml: string): Promise<ProcessProgram> {
  const { processes, faults } = readBpmn(xml, 'test.bpmn');
  const fault = faults.find(({ severity }) => severity === 'error');
  if (fault !== undefined) throw new Error(`${fault.line}: ${fault.message}`);
  return compileProcess(xml, processes[0]!);
}
