import { afterAll } from 'vitest'
import { endPrograms } from './child-program.ts'

// No program outlives the specs of the file that started it.
afterAll(endPrograms)
