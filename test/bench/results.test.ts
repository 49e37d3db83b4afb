import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { callTree, flameGraph, hottest } from '../../bench/profile/flame-graph.ts'
import { rowName, selected } from '../../bench/scenarios.ts'

test('bench/RESULTS.md has the rows that the bench measures, with the commit', () => {
  const page = readFileSync('bench/RESULTS.md', 'utf8')
  const rows = page
    .split('\n')
    .filter((line) => /^\| (tessera|floor|oidc-provider)/.test(line))
    .map((line) => line.split('|')[1]?.trim())
  expect(rows).toEqual(selected('').flatMap((scenario) => scenario.servers.map(({ name }) => rowName(name, scenario))))
  expect(page).toMatch(/^machine: .*; Node v26\S*; commit [0-9a-f]{7,}$/m)
})

describe('a flame graph', () => {
  const frame = (functionName: string, url = '') => ({ functionName, url, lineNumber: 6 })
  /** `serve` calls `sign` and `write`. Half of the time is idle. */
  const profile = {
    nodes: [
      { id: 1, callFrame: frame('(root)'), children: [2, 5] },
      { id: 2, callFrame: frame('serve', 'file:///x/src/http/app.ts'), children: [3, 4] },
      { id: 3, callFrame: frame('sign', 'node:crypto') },
      { id: 4, callFrame: frame('<write>', 'file:///x/node_modules/y/z.js') },
      { id: 5, callFrame: frame('(idle)') },
    ],
    samples: [2, 3, 3, 4, 5, 5, 5],
    timeDeltas: [100, 200, 300, 400, 500, 300, 200],
  }

  test('leaves out idle time, and adds up calls', () => {
    const tree = callTree(profile)
    expect(tree).toMatchObject({ name: '(root)', total: 1_000, self: 0 })
    expect(tree.callees).toHaveLength(1)
    expect(tree.callees[0]).toMatchObject({ name: 'serve', file: 'src/http/app.ts:7', self: 100, total: 1_000 })
    expect(hottest(tree, 2)).toEqual([
      { what: 'sign node:crypto:7', share: 0.5 },
      { what: '<write> node_modules/y/z.js:7', share: 0.4 },
    ])
  })

  test('draws each call as wide as its time, on its caller', () => {
    const svg = flameGraph(callTree(profile), 'a title & more')
    expect(svg).toContain('a title &amp; more')
    expect(svg).toContain('<title>sign node:crypto:7 50.0%</title><rect x="0.0" y="34" width="800.0"')
    expect(svg).toContain(
      '<title>&lt;write&gt; node_modules/y/z.js:7 40.0%</title><rect x="800.0" y="34" width="640.0"',
    )
    expect(svg).not.toContain('(idle)')
  })
})
