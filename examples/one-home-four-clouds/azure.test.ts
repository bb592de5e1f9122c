import { describe, expect, it } from 'vitest';
import { file, settingsOf } from './test/source.ts';

const bicep = file('azure/main.bicep');
const entry = file('azure.ts');
const host = JSON.parse(file('azure/host.json')) as {
  readonly functionTimeout: string;
  readonly version: string;
};
const all = (pattern: RegExp, text = bicep) =>
  [...text.matchAll(pattern)].map(([, name = '']) => name);

/** The brackets that are neither in comments nor in quotes. */
const brackets = bicep
  .replaceAll(/\/\/.*|'(?:\$\{[^}]*\}|[^'$]|\$)*'/g, '')
  .replaceAll(/[^{}[\]()]/g, '');

// There is no compiler of Bicep without a download from Microsoft, so this looks at the text.
describe('the template for Azure', () => {
  it('closes what it opens', () => {
    let left = brackets;
    for (let before = ''; before !== left;) {
      before = left;
      left = left.replaceAll(/\{\}|\[\]|\(\)/g, '');
    }
    expect([brackets.length > 100, left]).toEqual([true, '']);
  });

  it('names nothing that it does not declare, and declares nothing that it does not use', () => {
    const declared = all(/^(?:param|var|resource) (\w+)/gm);
    const once = declared.filter(
      (name) => bicep.match(new RegExp(`\\b${name}\\b`, 'g'))?.length === 1,
    );
    // Rights, alarms, and the consumer group are there to be there.
    const ends = /^(may\w+|refused|failing|reader)$/;
    expect(once.filter((name) => !ends.test(name))).toEqual([]);
    const references = all(/(?:parent|scope|scopes): \[?(\w+)/g);
    expect(references.filter((name) => !declared.includes(name))).toEqual([]);
    expect(new Set(declared).size).toBe(declared.length);
  });

  it('uses every role that it lists, and lists every role that it uses', () => {
    const listed = all(/^ {2}(\w+): '[0-9a-f]{8}-/gm);
    const used = new Set(all(/\broles\.(\w+)/g));
    expect(listed.toSorted()).toEqual([...used].toSorted());
  });

  it('sets every setting that azure.ts reads, and no other', () => {
    const set = all(/^ {8}\{ name: '(\w+)', value:/gm);
    const connections = all(/connection: '(\w+)'/g, entry).map(
      (name) => `${name}__fullyQualifiedNamespace`,
    );
    const read = new Set([...settingsOf('azure.ts'), ...connections]);
    // The host's own.
    const own = /^(AzureWebJobsStorage__accountName|APPLICATIONINSIGHTS_\w+)$/;
    expect(set.filter((name) => !own.test(name)).toSorted()).toEqual([...read].toSorted());
  });

  it('makes every table, queue, hub and consumer group that azure.ts names', () => {
    const named = all(/(?:table|to|queueName|eventHubName|consumerGroup): '([\w-]+)'/g, entry);
    const made = all(/^ {2}name: '([\w-]+)'/gm);
    // `to: 'desired'` is a place in the twin of a device.
    expect(named.filter((name) => name !== 'desired' && !made.includes(name))).toEqual([]);
  });

  it.each([
    ['reads what devices say', 'eventHub(', 'eventHubsDataReceiver'],
    ['reads wake-ups', 'serviceBusQueue(', 'serviceBusDataReceiver'],
    ['sends wake-ups and dead letters', 'serviceBusWake(', 'serviceBusDataSender'],
    ['keeps records', 'tableStore(', 'storageTableDataContributor'],
    ['sets desired properties', 'iotHubPublisher(', 'iotHubTwinContributor'],
  ])('gives a function that %s the right to', (_, call, role) => {
    expect(entry).toContain(call);
    expect(bicep).toMatch(new RegExp(`functions\\.identity\\.principalId[^}]*roles\\.${role}\\b`));
  });

  it('lets the function app do nothing else', () => {
    const roles = all(/functions\.identity\.principalId[^}]*roles\.(\w+)/g).toSorted();
    expect(roles).toEqual([
      'eventHubsDataReceiver',
      'iotHubTwinContributor',
      // The host's own: metrics, and its leases, checkpoints and packages.
      'monitoringMetricsPublisher',
      'serviceBusDataReceiver',
      'serviceBusDataSender', // wake-ups
      'serviceBusDataSender', // dead letters
      'storageBlobDataOwner',
      'storageTableDataContributor',
    ]);
  });

  it('has no passwords', () => {
    expect(bicep).not.toMatch(/listKeys|AccountKey|SharedAccessKey|connectionString:/i);
    expect(
      all(/(allowSharedKeyAccess|disableLocalAuth|DisableLocalAuth|disableDeviceSAS): /g),
    ).toHaveLength(5);
  });

  it('gives the host as long as azure.ts believes that it has', () => {
    const [ms] = all(/timeoutMs: ([\d_]+), \/\/ as in host.json/g, entry);
    const [hours = 0, minutes = 0, seconds = 0] = host.functionTimeout.split(':').map(Number);
    expect(((hours * 60 + minutes) * 60 + seconds) * 1000).toBe(Number(ms?.replaceAll('_', '')));
  });

  it('keeps instances ready in production, keeps logs for a while, encrypts with a key of its own, and raises alarms', () => {
    expect(bicep).toContain("alwaysReady: isProduction ? [{ name: 'function:readings'");
    expect(bicep).toContain('retentionInDays: logRetentionDays');
    expect(bicep).toContain("keySource: 'Microsoft.Keyvault'");
    expect(all(/^resource (\w+) 'Microsoft.Insights\/metricAlerts@/gm).length).toBeGreaterThan(1);
    expect(bicep).toContain("@allowed(['staging', 'production'])");
  });
});
