import type { app as functionApp } from '@azure/functions';
import { blob, timer, type AzureOptions } from '@hearth/adapter-azure';
import { nodeRuntime } from '@hearth/node';
import { app } from './camera.ts';
import { follow } from './link.ts';
import { clipRules } from './settings.ts';

/** Registers the three functions: behind the storage account, behind a timer, and behind HTTP. */
export function onAzure(functions: typeof functionApp, options: AzureOptions): void {
  const runtime = nodeRuntime(options);
  functions.eventGrid('clips', blob(app, { ...options, blobs: clipRules }));
  functions.timer('sweep', timer(app, { ...options, schedule: '0 * * * * *' }));
  functions.http('links', {
    methods: ['GET'],
    authLevel: 'anonymous',
    route: 'incidents/{camera}/{incident}',
    handler: ({ url }) => follow(runtime, new URL(url).pathname.replace(/^\/api/, '')),
  });
}
