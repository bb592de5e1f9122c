import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { commandPath, needs } from '@hearth/testing/needs';
import { Broker, Trigger } from '@kubernetes-models/knative/eventing.knative.dev/v1';
import { Service } from '@kubernetes-models/knative/serving.knative.dev/v1';
import { SinkBinding } from '@kubernetes-models/knative/sources.knative.dev/v1';
import { ServiceAccount } from 'kubernetes-models/v1';
import { describe, expect, it, type TestContext } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { bundles } from './build.ts';
import { file, settingsOf } from './test/source.ts';

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  // oxlint-disable-next-line typescript/no-explicit-any -- it is YAML, and what is expected of it is what the tests say
  readonly spec?: any;
}

const parsed = (text: string) =>
  parseAllDocuments(text).map((document) => document.toJSON() as Manifest);
const base = ['home', 'broker', 'dead-letters'].flatMap((name) =>
  parsed(file(`knative/base/${name}.yaml`)),
);
const named = (kind: string, name: string, all = base) =>
  all.find((one) => one.kind === kind && one.metadata.name === name)?.spec;
const containerOf = (service: string, all = base) =>
  named('Service', service, all).template.spec.containers[0];

const models = { ServiceAccount, Broker, Trigger, Service, SinkBinding } as const;

describe('the manifests for Knative', () => {
  it.each(base.map((one) => [one.kind, one.metadata.name, one] as const))(
    '%s %s fits its schema',
    (kind, _, one) => {
      const Model = models[kind as keyof typeof models] as unknown as new (data: object) => {
        validate(): void;
      };
      // The model of a SinkBinding wants what only the cluster writes.
      const whole = kind === 'SinkBinding' ? { ...one, status: {} } : one;
      expect(() => new Model(whole).validate()).not.toThrow();
    },
  );

  it.each([
    ['home', 'knative.ts', ['LOG_LEVEL']],
    ['dead-letters', 'dead-letters.ts', []],
  ])('set every setting that %s reads, and no other', (service, entry, own) => {
    const set = (containerOf(service).env as { readonly name: string }[]).map(({ name }) => name);
    expect(set.filter((name) => !(own as readonly string[]).includes(name)).toSorted()).toEqual(
      settingsOf(entry, 'broker.ts'),
    );
  });

  it('run what is built', () => {
    const built = Object.keys(bundles).filter((name) => name.startsWith('knative/'));
    const [, usual] = /CMD \["(.*)"\]/.exec(file('knative/Dockerfile')) ?? [];
    const run = ['home', 'dead-letters'].map(
      (name) => `knative/${containerOf(name).args?.[0] ?? usual}`,
    );
    expect(run.toSorted()).toEqual(built.toSorted());
  });

  it('let nothing run as root, write, or gain rights, and give no token of the cluster', () => {
    for (const service of ['home', 'dead-letters']) {
      expect(containerOf(service).securityContext).toEqual({
        runAsNonRoot: true,
        readOnlyRootFilesystem: true,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
        seccompProfile: { type: 'RuntimeDefault' },
      });
    }
    expect(base.find(({ kind }) => kind === 'ServiceAccount')).toMatchObject({
      automountServiceAccountToken: false,
    });
    // Kubernetes cannot tell who a user is by name.
    expect(file('knative/Dockerfile')).toMatch(/^USER \d+$/m);
  });

  it('try again, then file what is given up, and bring in exactly what dead-letters.ts knows', () => {
    expect(named('Broker', 'home').delivery).toMatchObject({
      retry: 10,
      backoffPolicy: 'exponential',
      deadLetterSink: { ref: { name: 'dead-letters' } },
    });
    const types = (
      named('Trigger', 'home').filters as { any: { exact: { type: string } }[] }[]
    ).flatMap(({ any }) => any.map(({ exact }) => exact.type));
    expect(types).toEqual([
      'com.acme.thermostat.temperature',
      'com.acme.home.occupancy',
      'hearth.device.bound',
    ]);
  });

  it('give the home less time than the broker waits, and keep one instance', () => {
    const { timeoutSeconds } = named('Service', 'home').template.spec as { timeoutSeconds: number };
    expect(named('Broker', 'home').delivery.timeout).toBe(`PT${timeoutSeconds}S`);
    expect(named('Service', 'home').template.metadata.annotations).toMatchObject({
      'autoscaling.knative.dev/min-scale': '1',
    });
  });
});

describe.each([
  ['staging', '1'],
  ['production', '3'],
])('the overlay for %s', (stage, instances) => {
  const built = (test: TestContext) => {
    const kubectl = needs(test, commandPath('kubectl'), 'kubectl, to put manifests together');
    const folder = fileURLToPath(new URL(`knative/${stage}`, import.meta.url));
    return parsed(execFileSync(kubectl, ['kustomize', folder], { encoding: 'utf8' }));
  };

  it('puts everything into one namespace, with its own image and instances', (test) => {
    const all = built(test);
    expect(new Set(all.map(({ metadata }) => metadata.namespace))).toEqual(
      new Set([`home-${stage}`]),
    );
    expect(containerOf('home', all).image).toBe(`registry.example/home:${stage}`);
    const { annotations } = named('Service', 'home', all).template.metadata;
    expect(annotations['autoscaling.knative.dev/min-scale']).toBe(instances);
  });
});
