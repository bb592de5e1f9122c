import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTimestamp } from './time.ts';

describe('isTimestamp', () => {
  it.each([
    '2018-04-05T17:31:00Z',
    '2018-04-05t17:31:00z',
    '2018-04-05T17:31:00.1Z',
    '2018-04-05T17:31:00.123456789Z',
    '2018-04-05T16:31:00-01:00',
    '2021-01-18T14:52:01+14:00',
    '2021-01-18T14:52:01-13:59',
    '2021-01-18T14:52:01-00:00',
    '0000-01-01T00:00:00Z',
    '9999-12-31T23:59:59.999Z',
  ])('accepts %s', (text) => {
    expect(isTimestamp(text)).toBe(true);
  });

  it.each([
    'now',
    'lunchtime',
    '',
    '2018-04-05',
    '2018-04-05T18:31Z',
    '2018-04-05T18:31:00',
    '2018-04-05 18:31:00Z',
    '2018-04-05T18:31:00X',
    '2018-04-05T18:31:00.Z',
    '2018-04-05T18:31:00,5Z',
    '2018-04-05T18:31:00+05',
    '2018-04-05T18:31:00+0500',
    '2018-04-05T18:31:00+xx:00',
    '2018-04-05T18:31:00+25:00',
    '2021-01-18T14:52:01+14:01',
    '2021-01-18T14:52:01+13:60',
    '2016-12-31T23:59:60Z',
    '2018-04-05T24:00:00Z',
    '2018-04-05T18:60:00Z',
    '2018-00-05T18:31:00Z',
    '2018-13-05T18:31:00Z',
    '2018-04-00T18:31:00Z',
    '2018-01-32T18:31:00Z',
    '18-04-05T18:31:00Z',
    '12018-04-05T18:31:00Z',
    ' 2018-04-05T18:31:00Z',
    '2018-04-05T18:31:00Z\n',
    '２018-04-05T18:31:00Z',
  ])('refuses %j', (text) => {
    expect(isTimestamp(text)).toBe(false);
  });

  it('knows every day from the year 1600 to 2400, and no other', () => {
    for (let year = 1600; year <= 2400; year += 1) {
      for (let month = 1; month <= 12; month += 1) {
        const days = new Date(Date.UTC(year, month, 0)).getUTCDate();
        const start = `${year}-${String(month).padStart(2, '0')}`;
        for (let day = 27; day <= 32; day += 1) {
          expect(isTimestamp(`${start}-${day}T00:00:00Z`)).toBe(day <= days);
        }
      }
    }
  });

  it('accepts every date that JavaScript writes', () => {
    const dates = fc.date({
      min: new Date('0000-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59.999Z'),
      noInvalidDate: true,
    });
    fc.assert(fc.property(dates, (date) => isTimestamp(date.toISOString())));
  });
});
