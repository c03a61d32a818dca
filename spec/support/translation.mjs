import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../../node_modules/.cache/udpipe-programs/', import.meta.url))

/** The JavaScript of a TypeScript file: from the cache, where a file of this name and these bytes has been translated before. */
export async function translationOf(fileName, text) {
  const cached = join(folder, `${createHash('sha256').update(fileName).update(text).digest('hex')}.mjs`)
  try {
    return readFileSync(cached, 'utf8')
  } catch {
    return await translate(fileName, text, cached)
  }
}

async function translate(fileName, text, cached) {
  // It takes longer to load than all else that a program needs.
  const { default: typescript } = await import('typescript')
  const { ModuleKind, ScriptTarget } = typescript
  const compilerOptions = { module: ModuleKind.ESNext, target: ScriptTarget.ES2023, verbatimModuleSyntax: true }
  const { outputText } = typescript.transpileModule(text, { fileName, compilerOptions })
  mkdirSync(folder, { recursive: true })
  // Other processes may be reading and translating the same file: each sees all of it or nothing.
  const unfinished = `${cached}.${process.pid}`
  writeFileSync(unfinished, outputText)
  renameSync(unfinished, cached)
  return outputText
}
