import { fileURLToPath } from 'node:url'
import { ESLint } from 'eslint'
import tseslint from 'typescript-eslint'

/**
 * The project's own rules, as `npm run lint` has them. Those that need types are off, because the code here is in no file that
 * the compiler knows.
 */
const eslint = new ESLint({
  cwd: fileURLToPath(new URL('../..', import.meta.url)),
  overrideConfig: [tseslint.configs.disableTypeChecked],
})

/** Lints a line of code as if it were the file `path` of this project, and returns the rules that it breaks. */
export async function brokenRules(code: string, path: string): Promise<string[]> {
  const results = await eslint.lintText(`${code}\n`, { filePath: path })
  return results.flatMap(({ messages }) => messages.map(({ ruleId, message }) => ruleId ?? message))
}
