// A thread that opens new files, each at the same moment as others do.
import { parentPort, workerData } from 'node:worker_threads';
import { sqliteStore } from '../src/index.ts';

const { files, arrived, threads } = workerData as {
  readonly files: readonly string[];
  readonly arrived: Int32Array;
  readonly threads: number;
};

const refused: string[] = [];
for (const [round, file] of files.entries()) {
  Atomics.add(arrived, 0, 1);
  while (Atomics.load(arrived, 0) < threads * (round + 1));
  try {
    await sqliteStore({ file }).close();
  } catch (error) {
    refused.push(String(error));
  }
}
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- this is no window
parentPort?.postMessage(refused);
