import type { SchedulerClient } from '@aws-sdk/client-scheduler';
import { HearthError } from '@hearth/core/event';
import { oncePerSecond } from '@hearth/core/ports';
import { nameOf } from '../attempt.ts';
import { clientDefaults, lazily } from '../lazily.ts';
import { assertText, invalidOption } from '../sending/options.ts';
import type { LaterWake } from '../wake/later-wake.ts';
import { wakeMessage } from '../wake-message.ts';

/** What is woken, and how EventBridge Scheduler is reached. */
export interface SchedulerWakeOptions {
  /** The ARN of what is woken: the queue of `sqsWake`, or a function whose trigger is `schedule`. */
  readonly targetArn: string;
  /** The ARN of a role that the scheduler may assume, and that may do so. */
  readonly roleArn: string;
  /** The schedule group: `default` unless given. */
  readonly group?: string;
  /** What the names of the schedules begin with: `hearth-wake` unless given. Apps that share a group need names of their own. */
  readonly prefix?: string;
  /** A client of your own; otherwise one is made on first use, with the region and the credentials of the environment. */
  readonly client?: SchedulerClient;
  /** How long one attempt of our own client may take, in ms: 900 unless given, for `handle` waits a second. */
  readonly timeoutMs?: number;
}

/**
 * Gives a `wake` for a runtime: a schedule that fires once and then is deleted, for each second in which something is due. The scheduler
 * is up to a minute late; behind `sqsWake({ later })`, which asks it to be early, timers are late by about a second.
 *
 * However many records and processes ask for one instant, it is one schedule: its name says the instant. Rejects with
 * `publisher-unavailable`. It needs `scheduler:CreateSchedule`, and `iam:PassRole` for the role.
 *
 * @throws {HearthError} `invalid-option`.
 */
export function schedulerWake(options: SchedulerWakeOptions): LaterWake {
  const {
    targetArn,
    roleArn,
    group = 'default',
    prefix = 'hearth-wake',
    timeoutMs = 900,
  } = options;
  assertText('targetArn', targetArn);
  assertText('roleArn', roleArn);
  if (!/^[\w.-]{1,40}$/.test(prefix)) {
    throw invalidOption('prefix', 'must have 1 to 40 letters, digits, or . _ -');
  }
  const open = lazily('@aws-sdk/client-scheduler', 'publisher-unavailable', async () => {
    const sdk = await import('@aws-sdk/client-scheduler');
    const { client = new sdk.SchedulerClient(clientDefaults(timeoutMs)) } = options;
    return { sdk, client };
  });
  const create = async (at: number, earlyMs: number) => {
    const { sdk, client } = await open();
    const fires = Math.max(at - earlyMs, Date.now() + 1_000);
    const command = new sdk.CreateScheduleCommand({
      Name: `${prefix}-${at / 1000}`,
      GroupName: group,
      ScheduleExpression: `at(${new Date(fires).toISOString().slice(0, 19)})`,
      ScheduleExpressionTimezone: 'UTC',
      FlexibleTimeWindow: { Mode: 'OFF' },
      ActionAfterCompletion: 'DELETE',
      Target: { Arn: targetArn, RoleArn: roleArn, Input: wakeMessage(at) },
    });
    try {
      await client.send(command);
    } catch (cause) {
      // Somebody else has asked for this instant already.
      if (nameOf(cause) !== 'ConflictException') throw notAsked(cause);
    }
  };
  const early = new Map<number, (at: number) => Promise<void>>();
  return (at, earlyMs = 0) => {
    const ask = early.get(earlyMs) ?? oncePerSecond((second) => create(second, earlyMs), Date.now);
    early.set(earlyMs, ask);
    return ask(at);
  };
}

function notAsked(cause: unknown): HearthError {
  const message = `The scheduler did not take a wake-up (${nameOf(cause)}).`;
  return new HearthError('publisher-unavailable', message, { retryable: true, cause });
}
