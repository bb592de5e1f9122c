import type { EventHubFunctionOptions } from '@azure/functions';
import { azureFunctions } from './azure-functions.ts';
import { fromEventHub } from './azure-host.ts';

// What `azure-process.ts` starts.
const [, , module = '', body = ''] = process.argv;
const worker = azureFunctions();
const { handler } = (await import(module)) as { readonly handler: EventHubFunctionOptions };
worker.app.eventHub('readings', handler);
await fromEventHub(worker, 'readings', [{ body: Buffer.from(body) }]).then(
  () => process.send?.('done'),
  (error: unknown) => process.send?.(String(error)),
);
