import { readFileSync } from 'node:fs'

interface CoreTimes {
  readonly idle: number
  readonly stolen: number
  readonly all: number
}

/** How much of the time in which a virtual machine wants its cores its host gives to others, from now on. */
export class StolenTime {
  readonly #before = readCoreTimes()

  /** In percent of the time in which there was something to do; nothing where the system does not tell. */
  get percent(): number | undefined {
    const before = this.#before
    const after = readCoreTimes()
    if (before === undefined || after === undefined) return undefined
    const wanted = after.all - before.all - (after.idle - before.idle)
    return wanted > 0 ? (100 * (after.stolen - before.stolen)) / wanted : 0
  }
}

/** Of all cores together since the system started, see proc(5). */
function readCoreTimes(): CoreTimes | undefined {
  try {
    const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n', 1)
    const times = line.split(/\s+/).slice(1, 9).map(Number)
    const [, , , idle = 0, waiting = 0, , , stolen = 0] = times
    return { idle: idle + waiting, stolen, all: times.reduce((sum, time) => sum + time, 0) }
  } catch {
    return undefined
  }
}
