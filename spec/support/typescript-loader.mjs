// With `--import` of this file, Node runs TypeScript as it is written. What was translated once is kept, so that a process starts in a
// fraction of the time that a translator takes to load.
import { register } from 'node:module'

register('./typescript-hooks.mjs', import.meta.url)
