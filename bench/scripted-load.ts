import { runAlone } from './series.ts';

await runAlone(['bare-insert', 'scripted-load']);
