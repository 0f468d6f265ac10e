import { runAlone } from './series.ts';

await runAlone(['memory-unchanged']);
