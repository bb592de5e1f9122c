import type { Answered, Ended } from './command.ts';
import type { Barred } from './standing.ts';

/** A command that was given and has not ended. */
export interface OpenCommand {
  readonly id: string;
  readonly name: string;
  readonly data: unknown;
  /** When it ends at the latest (ms). */
  readonly until: number;
  readonly question: string;
  readonly partition: string;
  /** `accepted`: it waits for its turn, or for the device to wake up. */
  readonly status: 'accepted' | 'sent' | 'inProgress';
}

/** What is kept of a device's commands, in the order in which they were given, and of its connection. */
export interface CommandQueue {
  readonly open: readonly OpenCommand[];
  /** The session of the device's connection; `null` when it has none, or its broker does not tell. */
  readonly session: string | null;
  /** When that connection was made (ms). */
  readonly since: number;
  /** The ids of the last ones that ended: a device may answer twice. */
  readonly ended: readonly string[];
  /** Why the device is given no commands. */
  readonly barred?: Barred | undefined;
}

/** A queue in which nothing was ever given. */
export const emptyQueue: CommandQueue = { open: [], session: null, since: 0, ended: [] };

/** How commands are handed out. */
export interface QueueLimits {
  /** How many commands a device has at once. */
  readonly atOnce: number;
  /** Whether the device is asleep unless its connection says otherwise. */
  readonly sleepy: boolean;
}

const limits = { open: 64, ended: 16 };

/** Whether a queue takes no more. */
export const isFull = ({ open }: CommandQueue): boolean => open.length >= limits.open;

/** Puts a command at the end. */
export function given(queue: CommandQueue, command: Omit<OpenCommand, 'status'>): CommandQueue {
  return { ...queue, open: [...queue.open, { ...command, status: 'accepted' }] };
}

/** Sends what may be sent now: the queue after it, and the commands that are to be sent. */
export function sendable(
  queue: CommandQueue,
  { atOnce, sleepy }: QueueLimits,
): { readonly queue: CommandQueue; readonly sent: readonly OpenCommand[] } {
  if (sleepy && queue.session === null) return { queue, sent: [] };
  const running = queue.open.filter(({ status }) => status !== 'accepted').length;
  const sent = queue.open
    .filter(({ status }) => status === 'accepted')
    .slice(0, Math.max(0, atOnce - running));
  if (sent.length === 0) return { queue, sent };
  const open = queue.open.map((one) =>
    sent.includes(one) ? { ...one, status: 'sent' as const } : one,
  );
  return { queue: { ...queue, open }, sent };
}

/** Notes that a device is connected; what it has not answered is sent to it once more. */
export function connected(queue: CommandQueue, session: string, at: number): CommandQueue {
  const open = queue.open.map((one) =>
    one.status === 'sent' ? { ...one, status: 'accepted' as const } : one,
  );
  return { ...queue, session, since: at, open };
}

/** Notes that a session is over. The end of an old one says nothing of the present one. */
export function disconnected(queue: CommandQueue, session: string): CommandQueue {
  return queue.session === session ? { ...queue, session: null } : queue;
}

/** A command with what the device says of it. */
export interface Answer {
  readonly queue: CommandQueue;
  readonly command: OpenCommand;
}

/** Notes what a device says of a command; `undefined` if it is none that is open. */
export function answered(
  queue: CommandQueue,
  { command: id, status }: Answered,
): Answer | undefined {
  const command = queue.open.find((one) => one.id === id);
  if (command === undefined) return undefined;
  if (status !== 'inProgress') return { queue: without(queue, [command]), command };
  const open = queue.open.map((one) => (one === command ? { ...one, status } : one));
  return { queue: { ...queue, open }, command };
}

/** Takes out all commands. */
export function emptied(queue: CommandQueue): CommandQueue {
  return without(queue, queue.open);
}

/** Takes out the commands whose time is over, and says what became of them. */
export function overdue(
  queue: CommandQueue,
  now: number,
): { readonly queue: CommandQueue; readonly over: readonly OpenCommand[] } {
  const over = queue.open.filter(({ until }) => until <= now);
  return { queue: over.length === 0 ? queue : without(queue, over), over };
}

function without(queue: CommandQueue, over: readonly OpenCommand[]): CommandQueue {
  return {
    ...queue,
    open: queue.open.filter((one) => !over.includes(one)),
    ended: [...queue.ended, ...over.map(({ id }) => id)].slice(-limits.ended),
  };
}

/** What became of a command that has ended. */
export function endOf(
  { id, name, question, status }: OpenCommand,
  answer?: Pick<Ended, 'status' | 'code' | 'result'>,
): Ended {
  const outcome = answer ?? { status: status === 'accepted' ? 'expired' : 'timedOut' };
  return { command: id, name, question, ...outcome };
}

/** When the next command ends at the latest (ms), or `undefined`. */
export function nextUntil({ open }: CommandQueue): number | undefined {
  return open.length === 0 ? undefined : Math.min(...open.map(({ until }) => until));
}
