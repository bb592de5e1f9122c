import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { commandPath } from '@hearth/testing/needs';
import { startChildServer, type ChildServer } from './child-server.ts';

/** What `needs` says is missing. */
export const motoNeeds = 'moto, the AWS emulator of Python (pip install "moto[server]")';

/**
 * Starts moto, which emulates nearly all of AWS on one port, or gives `undefined` where Python has no moto.
 *
 * Real: conditional writes, indexes and transactions of DynamoDB; queues, topics and buses with their deliveries into queues. Not real:
 * a published IoT message goes nowhere, schedules do not fire, limits of throughput, signatures, `ClientRequestToken`.
 */
export async function startMoto(): Promise<ChildServer | undefined> {
  const python = commandPath('python3');
  if (python === undefined || !(await hasMoto(python))) return undefined;
  const args = (port: number) => [python, '-m', 'moto.server', '-H', '127.0.0.1', '-p', `${port}`];
  return startChildServer(args, '/moto-api/');
}

async function hasMoto(python: string): Promise<boolean> {
  try {
    // Looking for the modules is much faster than importing them.
    const found =
      'import importlib.util as u, sys; sys.exit(not (u.find_spec("moto") and u.find_spec("flask")))';
    await promisify(execFile)(python, ['-c', found]);
    return true;
  } catch {
    return false;
  }
}
