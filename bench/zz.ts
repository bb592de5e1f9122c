// profile run: node --import built.ts
import { handling, records } from './handling.ts';
import { memoryStore } from '@hearth/core/ports';
const w = handling(memoryStore());
await w(records * 64);
for (let r = 0; r < 8; r++) {
  const t = performance.now();
  await w(64 * 1000);
  console.log(Math.round((64000 / (performance.now() - t)) * 1000));
}
