import type { CloudEvent, Draft } from '@hearth/core';

const start = Date.UTC(2026, 0, 1);

/** An event as a device or service says it, `minute` minutes into the year. */
export function event(id: string, { type, subject, data }: Draft, minute = 0): CloudEvent {
  const time = new Date(start + minute * 60_000).toISOString();
  return { specversion: '1.0', id, source: 'urn:test', type, subject, time, data };
}
