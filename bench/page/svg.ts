/** A picture as text: `docs/` shows it wherever Markdown is shown. */
export class Drawing {
  readonly #parts: string[] = []
  readonly #width: number
  readonly #height: number

  constructor(width: number, height: number) {
    this.#width = width
    this.#height = height
  }

  line(x1: number, y1: number, x2: number, y2: number, colour: string): void {
    this.#parts.push(`<path d="M${round(x1)} ${round(y1)}L${round(x2)} ${round(y2)}" stroke="${colour}"/>`)
  }

  curve(points: readonly (readonly [number, number])[], colour: string, width: number): void {
    const path = points.map(([x, y]) => `${round(x)} ${round(y)}`).join('L')
    this.#parts.push(`<path d="M${path}" fill="none" stroke="${colour}" stroke-width="${width}"/>`)
  }

  box(x: number, y: number, width: number, height: number, colour: string): void {
    const area = `x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}"`
    this.#parts.push(`<rect ${area} fill="${colour}"/>`)
  }

  text(x: number, y: number, text: string, anchor: 'start' | 'middle' | 'end' = 'start'): void {
    this.#parts.push(`<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escape(text)}</text>`)
  }

  toString(): string {
    const size = `width="${this.#width}" height="${this.#height}" viewBox="0 0 ${this.#width} ${this.#height}"`
    const style = '<style>text{font:12px system-ui,sans-serif;fill:#24292f}</style>'
    const ground = `<rect width="${this.#width}" height="${this.#height}" fill="#ffffff"/>`
    return `<svg xmlns="http://www.w3.org/2000/svg" ${size}>${style}${ground}${this.#parts.join('\n')}</svg>\n`
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function escape(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')
}
