import { CloudEvent as SdkCloudEvent, type CloudEventV1 } from 'cloudevents';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { CloudEvent } from './cloud-event.ts';
import { isHearthError } from './error.ts';
import { fromSdk, toSdk, type SdkEvent } from './sdk.ts';

const minimal = { specversion: '1.0', id: '1', source: '/s', type: 't' } as const;
const time = '2018-04-05T17:31:00.000Z';

describe('fromSdk', () => {
  it('takes an event of the SDK, with its type of data', () => {
    const sdk = new SdkCloudEvent({ ...minimal, time, data: { celsius: 14 } });
    const event = fromSdk(sdk);
    expectTypeOf(event).toEqualTypeOf<CloudEvent<string, { celsius: number }>>();
    expect(event).toStrictEqual({ ...minimal, time, data: { celsius: 14 } });
    expect(Object.getPrototypeOf(event)).toBe(Object.prototype);
  });

  it('keeps binary data as base64 only, in whichever way the SDK holds it', () => {
    const bytes = Uint8Array.of(0, 1, 255);
    const expected = { ...minimal, time, data_base64: 'AAH/' };
    const view = new DataView(Uint8Array.of(9, 0, 1, 255).buffer, 1);
    expect(fromSdk(new SdkCloudEvent({ ...minimal, time, data: bytes }))).toStrictEqual(expected);
    expect(fromSdk(new SdkCloudEvent({ ...minimal, time, data_base64: 'AAH/' }))).toStrictEqual(
      expected,
    );
    expect(fromSdk({ ...minimal, time, data: view })).toStrictEqual(expected);
    expect(
      fromSdk({ ...minimal, time, data: Uint32Array.of(0, 1, 255), data_base64: 'AAH/' }),
    ).toStrictEqual(expected);
  });

  it('checks what the SDK does not', () => {
    const sdk = new SdkCloudEvent({ ...minimal, time, subject: '' }, false);
    let error: unknown;
    try {
      fromSdk(sdk);
    } catch (thrown) {
      error = thrown;
    }
    expect(isHearthError(error) && error.field).toBe('subject');
  });
});

describe('toSdk', () => {
  it('gives binary data as bytes too', () => {
    expect(toSdk({ ...minimal, data_base64: 'AAH/' })).toStrictEqual({
      ...minimal,
      data_base64: 'AAH/',
      data: Uint8Array.of(0, 1, 255),
    });
  });

  it('gives an event that the SDK takes, with its type of data', () => {
    const event: CloudEvent<'t', { readonly celsius: number }> = {
      ...minimal,
      data: { celsius: 14 },
    };
    expectTypeOf(toSdk(event)).toExtend<CloudEventV1<{ readonly celsius: number } | Uint8Array>>();
    expect(new SdkCloudEvent(toSdk(event)).data).toStrictEqual({ celsius: 14 });
  });

  it('leaves the event as it was', () => {
    const event = Object.freeze({ ...minimal, data: 1 });
    expect(toSdk(event)).toStrictEqual(event);
    expect(toSdk(event)).not.toBe(event);
  });
});

describe('SdkEvent', () => {
  it('is the CloudEventV1 of the SDK', () => {
    expectTypeOf<SdkEvent<number>>().toExtend<CloudEventV1<number>>();
    expectTypeOf<CloudEventV1<number>>().toExtend<SdkEvent<number>>();
  });
});
