import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A direct method as it reached a device, or desired properties as they were merged. */
export interface HubDelivery {
  readonly device: string;
  readonly method?: string;
  readonly payload: unknown;
  readonly responseTimeoutInSeconds?: number;
  readonly connectTimeoutInSeconds?: number;
}

/** What happens to a device's method: its status, that it is away, that it hangs up, or that it does not answer. */
export type DeviceMood = number | 'offline' | 'gone' | 'hung-up' | 'silent';

/** The REST interface of an IoT hub. */
export interface IotHubRest {
  readonly endpoint: string;
  readonly connectionString: string;
  readonly deliveries: HubDelivery[];
  /** What each request said for itself; a token of Microsoft Entra (`Bearer …`) is believed as it is. */
  readonly authorizations: string[];
  /** How a device is, by its id; 200 unless said. */
  readonly moods: Map<string, DeviceMood>;
  /** Answers with this status where the function gives one. */
  plan(plan?: (body: string) => number | undefined): void;
  stop(): Promise<void>;
}

const [host, keyName, key] = ['hub.azure-devices.net', 'service', 'aHVi'];

/**
 * Serves what is documented of two operations of IoT Hub's REST interface, invoking a direct method and updating a twin: paths, shared
 * access signatures, shapes, bounds and error codes. There are no devices behind it, and no twins: it keeps what it was given.
 */
export async function startIotHubRest(): Promise<IotHubRest> {
  const deliveries: HubDelivery[] = [];
  const authorizations: string[] = [];
  const moods = new Map<string, DeviceMood>();
  let plan: (body: string) => number | undefined = () => undefined;
  const handle = async (incoming: IncomingMessage, response: ServerResponse) => {
    const body = await text(incoming);
    authorizations.push(incoming.headers.authorization ?? '');
    const planned = plan(body);
    const answer = planned === undefined ? answerTo(incoming, body, moods) : error(planned, 0);
    if (answer.delivery !== undefined) deliveries.push(answer.delivery);
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
  };
  const server = createServer((incoming, response) => {
    handle(incoming, response).catch(() => incoming.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    connectionString: `HostName=${host};SharedAccessKeyName=${keyName};SharedAccessKey=${key}`,
    deliveries,
    authorizations,
    moods,
    plan(next = () => undefined) {
      plan = next;
    },
    async stop() {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly delivery?: HubDelivery;
}

function error(status: number, code: number): Answer {
  const inner = JSON.stringify({ errorCode: code, trackingId: 't', message: 'as documented' });
  return { status, body: JSON.stringify({ Message: inner, ExceptionMessage: '' }) };
}

function answerTo(
  { method, url = '', headers }: IncomingMessage,
  body: string,
  moods: ReadonlyMap<string, DeviceMood>,
): Answer {
  const [, id, isMethod] =
    /^\/twins\/([^/?]+)(\/methods)?\?api-version=2021-04-12$/.exec(url) ?? [];
  if (id === undefined) return error(404, 0);
  if (!isSigned(headers.authorization ?? '')) return error(401, 401003);
  if (!headers['content-type']?.startsWith('application/json')) return error(400, 400103);
  const device = decodeURIComponent(id);
  const mood = moods.get(device) ?? 200;
  if (mood === 'gone') return error(404, 404001);
  if (isMethod !== undefined)
    return method === 'POST' ? invoked(device, body, mood) : error(405, 0);
  if (method !== 'PATCH') return error(405, 0);
  return headers['if-match'] === '*' ? merged(device, body) : error(412, 412001);
}

function invoked(device: string, body: string, mood: DeviceMood): Answer {
  const request = JSON.parse(body) as Record<string, unknown>;
  const { methodName, payload, responseTimeoutInSeconds, connectTimeoutInSeconds } = request;
  if (typeof methodName !== 'string' || methodName === '') return error(400, 400004);
  if (!isBetween(responseTimeoutInSeconds, 5, 300)) return error(400, 400004);
  if (!isBetween(connectTimeoutInSeconds, 0, 300)) return error(400, 400004);
  if (Buffer.byteLength(JSON.stringify(payload)) > 131_072) return error(413, 413001);
  if (mood === 'offline') return error(404, 404103);
  const delivery = {
    device,
    method: methodName,
    payload,
    responseTimeoutInSeconds,
    connectTimeoutInSeconds,
  };
  if (mood === 'hung-up') return { ...error(404, 404104), delivery };
  if (mood === 'silent') return { ...error(504, 504101), delivery };
  return { status: 200, body: JSON.stringify({ status: mood, payload: null }), delivery };
}

function isBetween(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

function merged(device: string, body: string): Answer {
  const { properties } = JSON.parse(body) as { readonly properties?: { desired?: object } };
  const { desired } = properties ?? {};
  if (typeof desired !== 'object') return error(400, 400004);
  if (Buffer.byteLength(JSON.stringify(desired)) > 32_768) return error(413, 413001);
  return { status: 200, body: '{}', delivery: { device, payload: desired } };
}

/** A token of Microsoft Entra, or a shared access signature of the service's policy that has not expired. */
function isSigned(authorization: string): boolean {
  if (/^Bearer ./.test(authorization)) return true;
  const [, fields] = /^SharedAccessSignature (.+)$/.exec(authorization) ?? [];
  const { sr, sig, se, skn } = Object.fromEntries(new URLSearchParams(fields));
  if (sr !== host || skn !== keyName || Number(se) * 1_000 < Date.now()) return false;
  const hmac = createHmac('sha256', Buffer.from(key ?? '', 'base64'));
  return hmac.update(`${encodeURIComponent(sr)}\n${se}`).digest('base64') === sig;
}
