import { speaksForItself, type Principal } from '../ports/principal.ts';
import type { Runtime } from '../ports/runtime.ts';

/**
 * Whether a principal may say something about a subject. What the app has emitted, the app says, and nobody has to be asked.
 *
 * @throws {TypeError} when the runtime's `speaksFor` answers neither yes nor no: a promise would pass for a yes.
 */
export function maySpeak(runtime: Runtime, principal: Principal, subject: string): boolean {
  if (principal.kind === 'app') return true;
  const { speaksFor = speaksForItself } = runtime;
  const answer: unknown = speaksFor(principal, subject);
  if (typeof answer === 'boolean') return answer;
  throw new TypeError('speaksFor must answer true or false');
}
