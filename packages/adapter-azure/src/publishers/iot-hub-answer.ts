import { HearthError } from '@hearth/core';
import { answerFailure } from './http-failure.ts';

const service = 'IoT Hub';

/** The error codes of IoT Hub that say more than their HTTP status. */
const codes = { deviceNotFound: 404001, deviceNotOnline: 404103, connectionClosed: 404104 };

/** What became of a request, or an error if it is not what was meant. */
export function answerError(
  status: number,
  text: string,
  isMethod: boolean,
  isCommand: boolean,
): HearthError | undefined {
  if (status >= 200 && status < 300) return isMethod ? deviceError(text, isCommand) : undefined;
  const code = Number(/errorCode\D{1,6}(\d{6})/i.exec(text)?.[1]);
  if (code === codes.deviceNotFound) {
    return new HearthError('not-found', 'IoT Hub knows no such device (404001).');
  }
  if (code === codes.deviceNotOnline) {
    return new HearthError('publisher-unavailable', 'The device is not connected (404103).', {
      retryable: true,
    });
  }
  // A gateway that ran out of time may have reached the device, and so may one whose device hung up.
  const isUncertain = (status >= 500 && status !== 503) || code === codes.connectionClosed;
  if (isUncertain) return uncertain(`${service} answered ${status}`, isCommand);
  return answerFailure(service, status);
}

/** Something that may have reached the device. A command happens once or not at all, so it is not tried again; a wish is. */
export function uncertain(what: string, isCommand: boolean, cause?: unknown): HearthError {
  const message = `${what}, and the device may have been reached.`;
  return new HearthError('timeout', message, {
    retryable: !isCommand,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** What the device answered: its method's own status, in the manner of HTTP. */
function deviceError(text: string, isCommand: boolean): HearthError | undefined {
  let status: unknown;
  try {
    ({ status } = Object(JSON.parse(text)) as { readonly status?: unknown });
  } catch {
    return uncertain('IoT Hub gave an answer that cannot be read', isCommand);
  }
  if (typeof status !== 'number' || status < 400) return undefined;
  const retryable = status >= 500 && !isCommand;
  return new HearthError('call-failed', `The device answered ${status}.`, { retryable });
}
