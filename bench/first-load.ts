import { runAlone } from './series.ts';

await runAlone(['bare-insert', 'bare-parse', 'first-load']);
