import { formatNumber } from '../run/table.ts'
import { Drawing } from './svg.ts'

/** One line of a chart: points of x and y. */
export interface Series {
  readonly name: string
  readonly points: readonly (readonly [number, number])[]
}

export interface Axis {
  readonly title: string
  readonly ticks: readonly number[]
  readonly isLogarithmic?: boolean
  readonly format?: (value: number) => string
}

export interface Bar {
  readonly name: string
  readonly median: number
  readonly min: number
  readonly max: number
}

const WIDTH = 760
const HEIGHT = 360
const MARGIN = { left: 70, right: 170, top: 36, bottom: 48 }
const GRID = '#d8dee4'
const OURS = 'udpipe'
const OUR_COLOUR = '#cf222e'
/** Distinct also for those who see few colours: they differ in lightness. */
const COLOURS = ['#0550ae', '#1a7f37', '#9a6700', '#8250df', '#57606a', '#0a9396', '#bf3989', '#6e4b1f']

/** A chart of lines, with a legend at the right. */
export function lineChart(title: string, x: Axis, y: Axis, series: readonly Series[]): string {
  const drawing = new Drawing(WIDTH, HEIGHT)
  const atX = scale(x, MARGIN.left, WIDTH - MARGIN.right)
  const atY = scale(y, HEIGHT - MARGIN.bottom, MARGIN.top)
  drawing.text(MARGIN.left, 20, title)
  for (const tick of y.ticks) {
    drawing.line(MARGIN.left, atY(tick), WIDTH - MARGIN.right, atY(tick), GRID)
    drawing.text(MARGIN.left - 8, atY(tick) + 4, label(y, tick), 'end')
  }
  for (const tick of x.ticks) {
    drawing.line(atX(tick), MARGIN.top, atX(tick), HEIGHT - MARGIN.bottom, GRID)
    drawing.text(atX(tick), HEIGHT - MARGIN.bottom + 18, label(x, tick), 'middle')
  }
  drawing.text((MARGIN.left + WIDTH - MARGIN.right) / 2, HEIGHT - 10, `${x.title} → ${y.title}`, 'middle')
  const [minX = 0] = x.ticks
  const maxX = x.ticks.at(-1) ?? 1
  series.forEach(({ name, points }, i) => {
    const colour = colourOf(name, i)
    const visible = points.filter(([value]) => value >= minX && value <= maxX)
    const drawn = visible.map(([a, b]) => [atX(a), atY(b)] as const)
    if (drawn.length > 0) drawing.curve(drawn, colour, name === OURS ? 3 : 1.5)
    const legendY = MARGIN.top + 10 + i * 20
    drawing.box(WIDTH - MARGIN.right + 16, legendY - 8, 14, 8, colour)
    drawing.text(WIDTH - MARGIN.right + 36, legendY, name)
  })
  return drawing.toString()
}

/** Bars that lie, with the least and the most of the repetitions as a thin line. */
export function barChart(title: string, bars: readonly Bar[], digits: number): string {
  const rowHeight = 28
  const left = 150
  const right = 110
  const drawing = new Drawing(WIDTH, MARGIN.top + bars.length * rowHeight + 12)
  const most = Math.max(...bars.map(({ max }) => max), Number.MIN_VALUE)
  const width = (value: number) => ((WIDTH - left - right) * value) / most
  drawing.text(16, 20, title)
  bars.forEach(({ name, median, min, max }, i) => {
    const top = MARGIN.top + i * rowHeight
    drawing.text(left - 8, top + 15, name, 'end')
    drawing.box(left, top, width(median), rowHeight - 8, colourOf(name, i))
    drawing.line(left + width(min), top + 10, left + width(max), top + 10, '#24292f')
    drawing.text(left + width(max) + 8, top + 15, formatNumber(median, digits))
  })
  return drawing.toString()
}

function scale({ ticks, isLogarithmic }: Axis, from: number, to: number): (value: number) => number {
  const place = isLogarithmic === true ? Math.log10 : (value: number) => value
  const low = place(ticks[0] ?? 0)
  const high = place(ticks.at(-1) ?? 1)
  return (value) => from + ((place(value) - low) / (high - low)) * (to - from)
}

function label({ format }: Axis, value: number): string {
  return format === undefined ? value.toLocaleString('en') : format(value)
}

function colourOf(name: string, index: number): string {
  return name === OURS ? OUR_COLOUR : (COLOURS[index % COLOURS.length] ?? GRID)
}
