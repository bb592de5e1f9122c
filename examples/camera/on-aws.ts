import { s3, schedule, type AwsOptions, type HttpEvent } from '@hearth/adapter-aws';
import { nodeRuntime } from '@hearth/node';
import { app } from './camera.ts';
import { follow } from './link.ts';
import { clipRules } from './settings.ts';

/** The three functions: behind the bucket, behind a schedule, and behind a function URL. */
export function onAws(options: AwsOptions) {
  const runtime = nodeRuntime(options);
  return {
    clips: s3(app, { ...options, objects: clipRules }),
    sweep: schedule(app, options),
    async links({ rawPath }: Pick<HttpEvent, 'rawPath'>) {
      const { status, ...rest } = await follow(runtime, rawPath);
      return { statusCode: status, ...rest };
    },
  };
}
