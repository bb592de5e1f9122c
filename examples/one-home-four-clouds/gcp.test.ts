import { describe, expect, it } from 'vitest';
import { file, settingsOf } from './test/source.ts';

const main = file('gcp/main.tf');
const entry = file('gcp.ts');
const all = (pattern: RegExp) => [...main.matchAll(pattern)].map(([, name = '']) => name);

/** One block of the configuration. */
function block(head: string): string {
  const begin = main.indexOf(`resource ${head} {`);
  if (begin < 0) throw new Error(`There is no ${head}.`);
  return main.slice(begin, main.indexOf('\n}\n', begin));
}

const service = block('"google_cloud_run_v2_service" "home"');

describe('the configuration for Google Cloud', () => {
  it('names no resource that it does not declare', () => {
    const declared = new Set(
      [...main.matchAll(/^(resource|data) "(\w+)" "(\w+)"/gm)].map(
        ([, , type, name]) => `${type}.${name}`,
      ),
    );
    const named = [...main.matchAll(/\b(google_\w+\.\w+)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => !declared.has(name))).toEqual([]);
    const variables = new Set(all(/^variable "(\w+)"/gm));
    expect(variables).toEqual(new Set(all(/\bvar\.(\w+)/g)));
  });

  it('sets every setting that gcp.ts reads, and no other', () => {
    const set = [...service.matchAll(/name {2}= "([A-Z_]+)"/g)].map(([, name]) => name);
    // The SDK's own, and Cloud Run's.
    const own = set.filter((name) => name !== 'GOOGLE_CLOUD_PROJECT');
    expect([...own, 'PORT'].toSorted()).toEqual(settingsOf('gcp.ts'));
  });

  it('pushes to paths that gcp.ts has, in the name of one caller', () => {
    for (const path of all(/\$\{local\.url\}(\/\w+)"/g)) expect(entry).toContain(`'${path}'`);
    expect(all(/service_account_email = (.*)/g)).toEqual(
      Array(2).fill('google_service_account.caller.email'),
    );
    expect(all(/audience {14}= (.*)/g)).toEqual(Array(2).fill('local.url'));
  });

  it('gives up a message after as many attempts as gcp.ts believes, and keeps it', () => {
    const readings = block('"google_pubsub_subscription" "readings"');
    const [, attempts] = /max_delivery_attempts = (\d+)/.exec(readings) ?? [];
    expect(entry).toContain(`maxDeliveryAttempts: ${attempts}`);
    expect(readings).toContain('dead_letter_topic     = google_pubsub_topic.given_up.id');
    expect(readings).toContain('retry_policy');
    expect(readings).toContain('enable_message_ordering    = true');
  });

  it('lets each account do one thing, and the service itself only what it does', () => {
    const roles = [...main.matchAll(/role += (\S+)\n\s+member += (\S+)/g)].map(
      ([, role, member]) => `${member} ${role}`,
    );
    const own = roles.filter((one) => one.startsWith('google_service_account.home'));
    expect(own.toSorted()).toEqual([
      'google_service_account.home.member "roles/cloudtasks.enqueuer"',
      'google_service_account.home.member "roles/iam.serviceAccountUser"',
      'google_service_account.home.member "roles/pubsub.publisher"',
      'google_service_account.home.member google_project_iam_custom_role.records.id',
    ]);
    expect(main).not.toMatch(/roles\/(owner|editor|viewer|datastore\.user|pubsub\.admin)/);
  });

  it('encrypts records, messages, logs and images with its own key', () => {
    const topics = all(/^resource "google_pubsub_topic" "(\w+)"/gm);
    for (const topic of topics) {
      expect(block(`"google_pubsub_topic" "${topic}"`)).toContain(
        'kms_key_name = google_kms_crypto_key.home.id',
      );
    }
    expect(service).toMatch(/encryption_key\s+= google_kms_crypto_key\.home\.id/);
    expect(block('"google_firestore_database" "home"')).toContain('cmek_config');
    expect(block('"google_logging_project_bucket_config" "home"')).toContain('cmek_settings');
  });

  it('sweeps every minute, keeps instances warm in production, keeps logs for a while, and raises alarms', () => {
    expect(block('"google_cloud_scheduler_job" "sweep"')).toContain('"* * * * *"');
    expect(service).toContain('min_instance_count = local.is_production ? var.warm_instances : 0');
    expect(main).toContain('retention_days = var.log_retention_days');
    expect(all(/^resource "google_monitoring_alert_policy" "(\w+)"/gm)).toEqual(['kept', 'late']);
    expect(main).toContain('contains(["staging", "production"], var.stage)');
  });
});
