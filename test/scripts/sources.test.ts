import { globSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { expect, test } from 'vitest'

/** Tests are compiled by Vitest, which accepts more than Node does. A checkout runs the sources on Node alone. */
test('Node can run each source file without a build', () => {
  const files = globSync(['src/**/*.ts', 'scripts/**/*.ts', 'bench/**/*.ts', 'simulation/**/*.ts'])
  expect(files.length).toBeGreaterThan(500)
  expect(files.flatMap((file) => faultOf(file))).toEqual([])
})

function faultOf(file: string): readonly string[] {
  try {
    stripTypeScriptTypes(readFileSync(file, 'utf8'))
    return []
  } catch (error) {
    return [`${file}: ${error}`]
  }
}
