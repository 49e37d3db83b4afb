import { Session } from 'node:inspector/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Calls that parse text or bytes, or take a time that depends on them. */
const TAKES_APART = new RegExp(
  [
    /\.(?:split|exec|match|matchAll|search|replace|replaceAll|normalize|toLowerCase|toUpperCase|trim)\(/,
    /\.(?:indexOf|lastIndexOf|charCodeAt|codePointAt|test|decode|readUInt\w*|swap16)\(/,
    /JSON\.parse\(|decodeURIComponent\(|Date\.parse\(|BigInt\(|Buffer\.from\(|TextDecoder\(/,
    /new URL\(|URL\.(?:parse|canParse)\(|X509Certificate\)?\(|createPublicKey\)?\(/,
  ]
    .map(({ source }) => source)
    .join('|'),
)

interface FunctionRange {
  readonly name: string
  readonly start: number
  readonly end: number
}

/** A function that parses something. */
export interface Reader {
  /** The path below `src/`, and the function's name. */
  readonly name: string
  /** Whether the work called the function. */
  readonly isRun: boolean
}

/** The text of a function without its named inner functions. */
function ownText(source: string, { start, end }: FunctionRange, all: readonly FunctionRange[]): string {
  const inner = all
    .filter((one) => one.name !== '' && one.start > start && one.end <= end)
    .sort((one, other) => one.start - other.start)
  let text = ''
  let at = start
  for (const one of inner) {
    if (one.start < at) continue
    text += source.slice(at, one.start)
    at = one.end
  }
  return text + source.slice(at, end)
}

/**
 * Finds every function in these files that parses text or bytes, and whether some work calls it, from V8's coverage.
 * @param files paths of modules that weren't imported before
 */
export async function readersIn(files: readonly string[], work: () => Promise<void>): Promise<readonly Reader[]> {
  const session = new Session()
  session.connect()
  await session.post('Debugger.enable')
  await session.post('Profiler.enable')
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
  for (const file of files) await import(resolve(file))
  const { result: imported } = await session.post('Profiler.takePreciseCoverage')
  await work()
  const { result: worked } = await session.post('Profiler.takePreciseCoverage')

  const run = new Set<string>()
  for (const { scriptId, functions } of worked) {
    for (const { ranges } of functions) if (ranges[0]?.count) run.add(`${scriptId} ${ranges[0].startOffset}`)
  }
  const fileOf = new Map(files.map((file) => [pathToFileURL(resolve(file)).href, file]))
  const readers: Reader[] = []
  for (const { scriptId, url, functions } of imported) {
    const file = fileOf.get(url)
    if (file === undefined) continue
    const { scriptSource } = await session.post('Debugger.getScriptSource', { scriptId })
    const all = functions.flatMap(({ functionName: name, ranges: [range] }) =>
      range === undefined ? [] : [{ name, start: range.startOffset, end: range.endOffset }],
    )
    for (const one of all) {
      if (one.name === '' || !TAKES_APART.test(ownText(scriptSource, one, all))) continue
      readers.push({ name: `${file.slice('src/'.length)} ${one.name}`, isRun: run.has(`${scriptId} ${one.start}`) })
    }
  }
  session.disconnect()
  return readers
}
