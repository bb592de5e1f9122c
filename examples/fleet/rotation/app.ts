import { mqttPublisher, dynamicSecurityRoutes, type MqttConnection } from '@hearth/adapter-mqtt';
import { defineApp, type CallFunctions, type Publisher } from '@hearth/core';
import {
  defineCredentials,
  type CredentialsOptions,
  type DefinedCredentials,
} from '@hearth/core/credentials';
import type { CertificateAuthority } from './authority.ts';
import type { SecureBroker } from './broker.ts';

/** The credentials of a fleet. */
export type FleetCredentials = DefinedCredentials<'hearth.credentials'>;

/** An app that does nothing but look after credentials. */
export function credentialsApp(
  options: Omit<CredentialsOptions<'hearth.credentials'>, 'type'> = {},
) {
  const credentials = defineCredentials(options);
  return { credentials, app: defineApp({ source: 'urn:acme:fleet', parts: credentials.parts }) };
}

/** What lamps say: a request below their own name, and the proof on the topic that belongs to the credential alone. */
export const topics = {
  'device/{device}/requested': { type: 'hearth.credentials.requested' },
  'device/{device}/events': {},
  'proof/{device}/{credential}': { type: 'hearth.credentials.proved', data: () => ({}) },
} as const;

/** Publishes to lamps, and tells the broker whom to let in and whom to shut out. */
export function fleetPublisher(
  broker: MqttConnection,
  authority: CertificateAuthority,
  secure: SecureBroker,
): Publisher {
  const toDevice = (name: string) =>
    [`hearth.credentials.${name}`, { topic: `device/{subject}/${name}`, payload: 'data' }] as const;
  const inner = mqttPublisher({
    broker,
    topics: {
      ...dynamicSecurityRoutes({ backends: ['gateway'] }),
      ...Object.fromEntries(['renew', 'issued', 'activated'].map(toDevice)),
    },
  });
  return {
    ...inner,
    async publish(events) {
      const serials = events.flatMap(({ event: { type, data } }) => {
        const { serial } = data as { readonly serial?: string };
        return type === 'hearth.credentials.revoked' && serial !== undefined ? [serial] : [];
      });
      // The plugin ends the connections of today, the list keeps the certificates out for good.
      if (serials.length > 0) secure.revoke(await authority.revoke(...serials));
      return inner.publish(events);
    },
  };
}

/** Signs requests for certificates, once each: asked again under the same key, it gives the same certificate. */
export function issuing(
  authority: CertificateAuthority,
): CallFunctions<FleetCredentials['calls']['issue']> {
  const issued = new Map<string, ReturnType<CertificateAuthority['sign']>>();
  let nth = 0;
  return {
    'hearth.credentials.issue': ({ device, csr }, { idempotencyKey }) => {
      const before = issued.get(idempotencyKey);
      if (before !== undefined) return before;
      nth += 1;
      const made = authority.sign(csr, `${device}.n${nth}`);
      issued.set(idempotencyKey, made);
      return made;
    },
  };
}
