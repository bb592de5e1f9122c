import { bars } from './catalogue.ts';
import type { Figure, Figures } from './figure.ts';

/** A figure as `--json` prints it. */
export function lineOf({ value, unit, ratio, against }: Figure): Figure {
  return { value: rounded(value), unit, ratio: rounded(ratio), against };
}

/** Figures as a table with their bars, and below it what one has to know of this run. */
export function table(figures: Figures): string {
  const head = ['name', 'value', 'best', 'unit', 'ratio', 'against', 'bar', ''];
  const rows = Object.entries(figures).map(([name, figure]) => [
    name,
    text(figure.value),
    figure.best === undefined ? '' : text(figure.best),
    figure.unit,
    text(figure.ratio),
    figure.against,
    barOf(name),
    verdictOf(name, figure),
  ]);
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)),
  );
  const lines = [head, ...rows].map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return isNumeric(column) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
  const notes = Object.entries(figures).flatMap(([name, { note }]) =>
    note === undefined ? [] : [`${name}: ${note}`],
  );
  return [...lines, ...(notes.length === 0 ? [] : ['', ...notes])].join('\n');
}

const isNumeric = (column: number): boolean => column === 1 || column === 2 || column === 4;

function barOf(name: string): string {
  const bar = bars[name];
  if (bar === undefined) return '';
  return `${bar.of} ${bar.is === 'at least' ? '≥' : '≤'} ${text(bar.limit)}`;
}

function verdictOf(name: string, figure: Figure): string {
  const bar = bars[name];
  if (bar === undefined) return '';
  const measured = figure[bar.of];
  return (bar.is === 'at least' ? measured >= bar.limit : measured <= bar.limit) ? '✓' : '✗';
}

/** Four digits are more than a benchmark can promise. */
function rounded(number: number): number {
  return Math.abs(number) >= 1000 ? Math.round(number) : Number(number.toPrecision(4));
}

function text(number: number): string {
  return rounded(number).toLocaleString('en', {
    maximumSignificantDigits: number >= 1000 ? 21 : 3,
  });
}
