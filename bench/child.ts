import process from 'node:process';
import { JOBS } from './jobs.ts';
import type { Task } from './sample.ts';

/** One job in this process; its figures go to standard output as the last line. */
const task = JSON.parse(process.argv[2]!) as Task;
const result = await JOBS[task.job]!(task);
const ownPeakMiB = process.resourceUsage().maxRSS / 1024;
process.stdout.write(`${JSON.stringify({ ...result, ownPeakMiB })}\n`);
