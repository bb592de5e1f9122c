import { describe, expect, it } from 'vitest';
import { comparer } from './decisions.ts';
import { compareDecisions, decisionLines, type Decided, type Found } from './index.ts';

let count = 0;
const decided = (at: number, subject: string, data: unknown, type = 'lamp.set'): Decided => {
  count += 1;
  return { at, event: { specversion: '1.0', id: `e${count}`, source: 's', type, subject, data } };
};
const outcomes = ({ found }: { readonly found: readonly Found[] }) =>
  found.map(({ outcome, subject, differences }) => [outcome, subject, differences.length]);

describe('compareDecisions', () => {
  it('finds what both decided, within the window and not beyond it', () => {
    const ours = [decided(0, 'l1', { isOn: false }), decided(0, 'l2', { isOn: false })];
    const theirs = [decided(1000, 'l1', { isOn: false }), decided(1001, 'l2', { isOn: false })];
    const compared = compareDecisions(ours, theirs, { withinMs: 1000 });
    expect(compared).toMatchObject({ both: 1, differ: 0, onlyOurs: 1, onlyTheirs: 1 });
    expect(outcomes(compared)).toEqual([
      ['only-ours', 'l2', 0],
      ['only-theirs', 'l2', 0],
    ]);
  });

  it('says where two decisions about one subject differ', () => {
    const [ours, theirs] = [
      { a: { b: [1, 2] }, c: 3 },
      { a: { b: [1, 5] }, d: null },
    ];
    const { found } = compareDecisions([decided(0, 'l1', ours)], [decided(5, 'l1', theirs)]);
    expect(found).toMatchObject([
      {
        outcome: 'differ',
        differences: [
          { at: 'data.a.b.1', ours: 2, theirs: 5 },
          { at: 'data.c', ours: 3, theirs: undefined },
          { at: 'data.d', ours: undefined, theirs: null },
        ],
      },
    ]);
  });

  it('pairs equal decisions before it calls two of them different', () => {
    const ours = [decided(0, 'l1', 1), decided(20, 'l1', 2)];
    const theirs = [decided(10, 'l1', 2), decided(30, 'l1', 1)];
    expect(compareDecisions(ours, theirs)).toMatchObject({ both: 2, differ: 0 });
  });

  it('pairs each decision once, and counts a doubled event once', () => {
    const one = decided(0, 'l1', 1);
    const theirs = [decided(5, 'l1', 1), decided(6, 'l1', 1)];
    expect(compareDecisions([one, one], theirs)).toMatchObject({ both: 1, onlyTheirs: 1 });
  });

  it('compares by default what the existing backend ever decided, and counts the rest', () => {
    const ours = [decided(0, 'l1', 1), decided(0, 'l1', 1, 'lamp.changed')];
    const theirs = [decided(0, 'l1', 1)];
    expect(compareDecisions(ours, theirs)).toMatchObject({
      both: 1,
      onlyOurs: 0,
      passedOver: { 'lamp.changed': 1 },
    });
    const types = ['lamp.changed'];
    expect(compareDecisions(ours, theirs, { types })).toMatchObject({ both: 0, onlyOurs: 1 });
  });

  it('takes what its user takes for equal', () => {
    const equal = (a: { data?: unknown }, b: { data?: unknown }) =>
      Math.abs(Number(a.data) - Number(b.data)) < 0.5;
    const [ours, theirs] = [[decided(0, 'l1', 18)], [decided(0, 'l1', 18.2)]];
    expect(compareDecisions(ours, theirs)).toMatchObject({ both: 0, differ: 1 });
    expect(compareDecisions(ours, theirs, { equal })).toMatchObject({ both: 1, differ: 0 });
  });

  it.each([Number.NaN, -1, Infinity])('refuses a window of %d', (withinMs) => {
    expect(() => compareDecisions([], [], { withinMs })).toThrow(
      expect.objectContaining({ code: 'invalid-option', field: 'withinMs' }),
    );
  });

  it('is not slower by the square', () => {
    const many = (shift: number) =>
      Array.from({ length: 50_000 }, (_, at) => decided(at * 100 + shift, `l${at % 7}`, at));
    const compared = compareDecisions(many(0), many(30), { withinMs: 1000 });
    expect(compared.both).toBe(50_000);
  });
});

it('forgets what is settled', () => {
  const told: Found[] = [];
  const compared = comparer({ withinMs: 100 }, (found) => told.push(found));
  compared.add('ours', decided(0, 'l1', 1), 0);
  compared.until(100);
  expect(told).toEqual([]);
  compared.until(101);
  expect(told.map(({ outcome }) => outcome)).toEqual(['only-ours']);
});

describe('the report', () => {
  it('tells totals, types, and each decision that is not the same, with its reasons', () => {
    const start = Date.UTC(2026, 0, 5, 7);
    const because = ['nobodyHome', 'cold'];
    const ours = [
      { ...decided(start, 't1', { celsius: 18 }), because },
      decided(start, 't2', { celsius: 18 }),
    ];
    const theirs = [
      decided(start + 5000, 't1', { celsius: 19 }),
      decided(start, 't2', { celsius: 18 }),
      decided(start, 't3\nfake', { celsius: 18 }),
    ];
    expect(decisionLines(compareDecisions(ours, theirs))).toEqual([
      '3 decisions, compared within 60 s: 1 the same, 1 differ, 0 only ours, 1 only theirs',
      '  lamp.set: 1 the same, 1 differ, 0 only ours, 1 only theirs',
      '2026-01-05T07:00:00.000Z  differ  t1  lamp.set  because nobodyHome and cold  theirs 5 s later',
      '    data.celsius: ours 18, theirs 19',
      '2026-01-05T07:00:00.000Z  only theirs  t3\\u000afake  lamp.set',
      '    {"celsius":18}',
    ]);
  });
});
