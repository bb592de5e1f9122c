import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { CloudTasksClient } from '@google-cloud/tasks';
import { onTestFinished } from 'vitest';
import { token } from './google-token.ts';

/** A task as it was asked for. */
export interface Task {
  readonly name: string;
  readonly scheduleTime: string;
  readonly httpRequest: {
    readonly url: string;
    /** Numbers of the enumeration: 1 is POST. */
    readonly httpMethod: number;
    readonly oidcToken: { readonly serviceAccountEmail: string; readonly audience: string };
  };
}

/** Stands for Cloud Tasks, for the SDK's real client by its REST interface: keeps tasks, refuses names that were used, and calls. */
export async function cloudTasks() {
  const tasks: Task[] = [];
  let requests = 0;
  let isDown = false;
  const server = createServer((request, response) => {
    const answer = async () => {
      requests += 1;
      const { task } = (await json(request)) as { readonly task: Task };
      const isUsed = tasks.some(({ name }) => name === task.name);
      const status = isDown ? 503 : isUsed ? 409 : 200;
      if (status === 200) tasks.push(task);
      const error = {
        code: status,
        status: isUsed ? 'ALREADY_EXISTS' : 'UNAVAILABLE',
        message: '',
      };
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(status === 200 ? task : { error }));
    };
    void answer();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  // Credentials that are none, for a service that wants none.
  const own = {
    getRequestHeaders: async () => new Headers(),
    fetch: (to: string, init: RequestInit) =>
      fetch(to, init.body === undefined ? {} : { method: 'POST', body: init.body }),
    getProjectId: async () => 'acme',
  };
  const auth = { ...own, getClient: async () => own };
  const where = { fallback: true, protocol: 'http', apiEndpoint: '127.0.0.1', port };
  const client = new CloudTasksClient({ ...where, auth } as object as { port: number });
  onTestFinished(async () => {
    await client.close();
    server.closeAllConnections();
    server.close();
  });
  return {
    client,
    tasks,
    requests: () => requests,
    down: (is: boolean) => {
      isDown = is;
    },
    /** Calls whom the tasks name, as Cloud Tasks does when their time has come; gives the statuses. */
    async fire() {
      const statuses: number[] = [];
      for (const { httpRequest } of tasks) {
        const { audience: aud, serviceAccountEmail: email } = httpRequest.oidcToken;
        const headers = { authorization: `Bearer ${await token({ aud, email })}` };
        const answer = await fetch(httpRequest.url, {
          method: httpRequest.httpMethod === 1 ? 'POST' : 'PUT',
          headers,
        });
        statuses.push(answer.status);
      }
      return statuses;
    },
  };
}
