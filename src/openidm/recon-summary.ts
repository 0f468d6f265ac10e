export { runSummary } from '../app/recon-summary.ts';
