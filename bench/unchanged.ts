import { runAlone } from './series.ts';

await runAlone(['bare-parse', 'first-load', 'unchanged', 'changed']);
