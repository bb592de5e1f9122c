import { app as functions, HttpRequest, InvocationContext } from '@azure/functions';
import type {
  EventGridFunctionOptions,
  EventHubFunctionOptions,
  HttpFunctionOptions,
  ServiceBusQueueFunctionOptions,
  ServiceBusTopicFunctionOptions,
  TimerFunctionOptions,
} from '@azure/functions';
import { describe, expectTypeOf, it } from 'vitest';
import type { ServiceBusSubscription } from '../index.ts';
import type {
  EventGridFunction,
  EventHubFunction,
  FunctionContext,
  FunctionRequest,
  HttpFunction,
  RetryPolicy,
  ServiceBusFunction,
  ServiceBusQueue,
  TimerFunction,
} from '../index.ts';

// The official types are not imported by the package, so that nobody has to install them to compile.
describe('what a trigger gives is what @azure/functions takes', () => {
  it('on every kind of function', () => {
    expectTypeOf<EventHubFunction>().toExtend<EventHubFunctionOptions>();
    expectTypeOf<ServiceBusFunction & ServiceBusQueue>().toExtend<ServiceBusQueueFunctionOptions>();
    expectTypeOf<
      ServiceBusFunction & ServiceBusSubscription
    >().toExtend<ServiceBusTopicFunctionOptions>();
    expectTypeOf<EventGridFunction>().toExtend<EventGridFunctionOptions>();
    expectTypeOf<HttpFunction>().toExtend<HttpFunctionOptions>();
    expectTypeOf<TimerFunction>().toExtend<TimerFunctionOptions>();
    expectTypeOf<RetryPolicy>().toExtend<NonNullable<EventHubFunctionOptions['retry']>>();
  });

  it('and is handed to app as it is', () => {
    expectTypeOf(functions.eventHub).toBeCallableWith('a', {} as EventHubFunction);
    expectTypeOf(functions.http).toBeCallableWith('a', {} as HttpFunction);
  });

  it('and reads what the library hands in', () => {
    expectTypeOf<InvocationContext>().toExtend<FunctionContext>();
    expectTypeOf<HttpRequest>().toExtend<FunctionRequest>();
    expectTypeOf<Request>().toExtend<FunctionRequest>();
  });
});
