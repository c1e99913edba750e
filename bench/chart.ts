/** The chart of a run: CPU time per request of both systems, and how many times less Apus takes. */

export interface ChartRow {
  title: string;
  /** CPU milliseconds of one request. */
  python: number;
  apus: number;
  /** How many times less is wanted. */
  wanted?: number;
}

const COLOURS = { python: '#8a6d3b', apus: '#1f6f9f', wanted: '#b03a2e', text: '#222', grid: '#ddd' };
const ROW_HEIGHT = 26;
const BAR_HEIGHT = 9;
const TOP = 64;
const LABELS_WIDTH = 200;
const PANEL_WIDTH = 380;
const GAP = 60;
const BOTTOM = 30;
const WIDTH = 2 * PANEL_WIDTH + GAP + LABELS_WIDTH + 50;

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function label(x: number, y: number, text: string, anchor: 'start' | 'middle' | 'end', colour = COLOURS.text): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill="${colour}">${escaped(text)}</text>`;
}

function bar(x: number, y: number, width: number, colour: string): string {
  const size = `width="${Math.max(1, width).toFixed(1)}" height="${BAR_HEIGHT}"`;
  return `<rect x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${size} fill="${colour}"/>`;
}

/** A logarithmic axis over whole powers of ten that hold all values. */
class Axis {
  readonly #left: number;
  readonly #from: number;
  readonly #to: number;

  constructor(left: number, values: readonly number[]) {
    this.#left = left;
    this.#from = Math.floor(Math.log10(Math.min(...values)));
    this.#to = Math.max(this.#from + 1, Math.ceil(Math.log10(Math.max(...values))));
  }

  at(value: number): number {
    return this.#left + ((Math.log10(value) - this.#from) / (this.#to - this.#from)) * PANEL_WIDTH;
  }

  /** Lines and their numbers, and the axis's name above. */
  draw(height: number, name: string, unit: string): string[] {
    const lines = [label(this.#left + PANEL_WIDTH / 2, 46, name, 'middle')];
    for (let power = this.#from; power <= this.#to; power++) {
      const x = this.at(10 ** power).toFixed(1);
      lines.push(`<line x1="${x}" y1="${TOP - 8}" x2="${x}" y2="${height - BOTTOM}" stroke="${COLOURS.grid}"/>`);
      lines.push(label(Number(x), height - BOTTOM + 16, `${Number((10 ** power).toFixed(3))}${unit}`, 'middle'));
    }
    return lines;
  }
}

/** A picture that needs nothing beside it. Rows of which something was not measured are left out. */
export function drawChart(title: string, all: readonly ChartRow[]): string {
  const rows = all.filter(({ python, apus }) => python > 0 && apus > 0);
  const height = TOP + rows.length * ROW_HEIGHT + BOTTOM;
  const left = LABELS_WIDTH;
  const right = LABELS_WIDTH + PANEL_WIDTH + GAP;
  const cpu = new Axis(left, [1, ...rows.flatMap(({ python, apus }) => [python, apus])]);
  const times = new Axis(right, [1, ...rows.flatMap(({ python, apus, wanted }) => [python / apus, wanted ?? 1])]);
  const parts = [
    `<text x="${WIDTH / 2}" y="20" text-anchor="middle" font-size="14" fill="${COLOURS.text}">${escaped(title)}</text>`,
    ...cpu.draw(height, 'server CPU time per request (logarithmic)', ' ms'),
    ...times.draw(height, 'Python’s CPU time divided by Apus’s; line: the goal (logarithmic)', '×'),
    ...legend(),
  ];
  rows.forEach((row, at) => parts.push(...drawRow(row, TOP + at * ROW_HEIGHT, cpu, times, left, right)));
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="11">`;
  return `${head}\n<rect width="100%" height="100%" fill="white"/>\n${parts.join('\n')}\n</svg>\n`;
}

function legend(): string[] {
  return [
    bar(10, 36, 14, COLOURS.python),
    label(28, 45, 'Python Swift', 'start'),
    bar(110, 36, 14, COLOURS.apus),
    label(128, 45, 'Apus', 'start'),
  ];
}

function drawRow(row: ChartRow, y: number, cpu: Axis, times: Axis, left: number, right: number): string[] {
  const { title, python, apus, wanted } = row;
  const [pythonEnd, apusEnd, timesEnd] = [cpu.at(python), cpu.at(apus), times.at(python / apus)];
  const parts = [
    label(left - 8, y + 13, title, 'end'),
    bar(left, y, pythonEnd - left, COLOURS.python),
    label(pythonEnd + 4, y + 8, python.toPrecision(3), 'start'),
    bar(left, y + BAR_HEIGHT + 1, apusEnd - left, COLOURS.apus),
    label(apusEnd + 4, y + BAR_HEIGHT + 10, apus.toPrecision(3), 'start'),
    bar(right, y + 5, timesEnd - right, COLOURS.apus),
    label(timesEnd + 4, y + 14, (python / apus).toPrecision(3), 'start'),
  ];
  if (wanted !== undefined) {
    const x = times.at(wanted).toFixed(1);
    parts.push(`<line x1="${x}" y1="${y}" x2="${x}" y2="${y + 19}" stroke="${COLOURS.wanted}" stroke-width="2"/>`);
  }
  return parts;
}
