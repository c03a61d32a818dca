import { specifyScenarios } from '../specify.ts'
import { loadScenarios } from './load.ts'

specifyScenarios('load', loadScenarios, {
  // Over a path of a few packets chance looked like a faster path now and then, and the search for more filled the queue.
  'slow-link': [200121, 500287],
})
