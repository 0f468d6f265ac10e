import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // Threads read TypeScript here, and Node does that by WebAssembly. Where many threads of one process come and go, V8 of Node 24 now and
    // then aborts as it replaces the wrappers of its imports by faster ones (seen in core dumps: `Runtime_TierUpWasmToJSWrapper`). So it
    // never replaces them. What is built has no WebAssembly in its threads.
    execArgv: ['--wasm-wrapper-tiering-budget=1000000000'],
  },
});
