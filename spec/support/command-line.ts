import { InvalidArgumentError } from 'commander'

/** Parses an option of a long run: how many, how long. */
export function positive(text: string): number {
  const number = Number(text)
  if (number > 0 && number < 1e6) return number
  throw new InvalidArgumentError('It must be a positive number.')
}

/** So much memory, for people. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
