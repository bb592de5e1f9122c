import type { CloudEventV1 } from 'cloudevents';
import { describe, expectTypeOf, it } from 'vitest';
import type { CloudEvent } from './cloud-event.ts';

describe('CloudEvent', () => {
  it('is assignable to the event of the CloudEvents SDK, with its type of data', () => {
    expectTypeOf<CloudEvent>().toExtend<CloudEventV1<unknown>>();
    expectTypeOf<CloudEvent<'t', { readonly celsius: number }>>().toExtend<
      CloudEventV1<{ readonly celsius: number }>
    >();
  });

  it('knows its version, its type and its data', () => {
    expectTypeOf<CloudEvent>().toHaveProperty('specversion').toEqualTypeOf<'1.0'>();
    expectTypeOf<CloudEvent<'t', number>>().toHaveProperty('type').toEqualTypeOf<'t'>();
    expectTypeOf<CloudEvent<'t', number>['data']>().toEqualTypeOf<number | undefined>();
  });

  it('takes extensions it has never heard of', () => {
    expectTypeOf({
      specversion: '1.0',
      id: '1',
      source: '/s',
      type: 't',
      comexampleextension: true,
    } as const).toExtend<CloudEvent>();
  });
});
