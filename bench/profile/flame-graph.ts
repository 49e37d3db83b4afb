/** Draws a V8 profile as a flame graph, which shows the time of each function. Imports nothing of ours. */

/** The output of `node --cpu-prof` (https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile). */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[]
  /** The node that was running at each sample. */
  readonly samples: readonly number[]
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[]
}

interface ProfileNode {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  readonly children?: readonly number[]
}

/** A call of a function with its callees. Times are in microseconds. */
export interface Frame {
  readonly name: string
  readonly file: string
  readonly self: number
  readonly total: number
  readonly callees: readonly Frame[]
}

const WIDTH = 1600
const ROW = 17
/** Pixels. Narrower frames aren't drawn. */
const NARROWEST = 0.5
/** Pixels for one letter. */
const LETTER = 6.6
/** V8's name for idle time. */
const IDLE = '(idle)'

/** The calls of a profile as a tree, without idle time. */
export function callTree({ nodes, samples, timeDeltas }: CpuProfile): Frame {
  const selfOf = new Map<number, number>()
  for (const [index, id] of samples.entries()) selfOf.set(id, (selfOf.get(id) ?? 0) + (timeDeltas[index] ?? 0))
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const toFrame = ({ id, callFrame, children = [] }: ProfileNode): Frame => {
    const callees = children
      .flatMap((child) => byId.get(child) ?? [])
      .filter((node) => node.callFrame.functionName !== IDLE)
      .map(toFrame)
    const self = selfOf.get(id) ?? 0
    const total = callees.reduce((sum, callee) => sum + callee.total, self)
    return { name: callFrame.functionName || '(anonymous)', file: fileOf(callFrame), self, total, callees }
  }
  const [root] = nodes
  if (root === undefined) throw new Error('the profile is empty')
  return toFrame(root)
}

const fileOf = ({ url, lineNumber }: ProfileNode['callFrame']): string =>
  url === '' ? '' : `${url.replace(/^.*\/(src|node_modules)\//, '$1/')}:${lineNumber + 1}`

/** The functions with the most time of their own, over all callers. */
export function hottest(tree: Frame, count: number): readonly { readonly what: string; readonly share: number }[] {
  const selfOf = new Map<string, number>()
  const visit = ({ name, file, self, callees }: Frame): void => {
    const what = `${name} ${file}`.trim()
    selfOf.set(what, (selfOf.get(what) ?? 0) + self)
    for (const callee of callees) visit(callee)
  }
  visit(tree)
  return [...selfOf]
    .map(([what, self]) => ({ what, share: self / tree.total }))
    .toSorted((one, other) => other.share - one.share)
    .slice(0, count)
}

/** The tree as an SVG. Each call is as wide as its time and stands on its caller. A tooltip names it. */
export function flameGraph(tree: Frame, title: string): string {
  const drawn: string[] = []
  let deepest = 0
  const draw = (frame: Frame, from: number, depth: number): void => {
    const width = (frame.total / tree.total) * WIDTH
    if (width < NARROWEST) return
    deepest = Math.max(deepest, depth)
    drawn.push(rectangle(frame, { from, width, depth }, frame.total / tree.total))
    let left = from
    for (const callee of frame.callees.toSorted((one, other) => other.total - one.total)) {
      draw(callee, left, depth + 1)
      left += (callee.total / tree.total) * WIDTH
    }
  }
  draw(tree, 0, 0)
  const height = (deepest + 3) * ROW
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" font-family="monospace" font-size="11">`,
    `<rect width="100%" height="100%" fill="#fff"/><text x="4" y="14">${escaped(title)}</text>`,
    `<g transform="translate(0 ${ROW * 1.5})">`,
    ...drawn,
    '</g></svg>',
    '',
  ].join('\n')
}

interface Place {
  readonly from: number
  readonly width: number
  readonly depth: number
}

function rectangle({ name, file }: Frame, { from, width, depth }: Place, share: number): string {
  const told = escaped(`${name} ${file} ${(share * 100).toFixed(1)}%`)
  const letters = Math.floor((width - 4) / LETTER)
  const label =
    letters < 3 ? '' : `<text x="${px(from + 2)}" y="${depth * ROW + 12}">${escaped(name.slice(0, letters))}</text>`
  const box = `<rect x="${px(from)}" y="${depth * ROW}" width="${px(width)}" height="${ROW - 1}" fill="${colourOf(file)}"/>`
  return `<g><title>${told}</title>${box}${label}</g>`
}

const px = (pixels: number): string => pixels.toFixed(1)

/** The colour of our code, dependencies, Node, or the engine. */
function colourOf(file: string): string {
  if (file.startsWith('src/')) return '#f6a24a'
  if (file.startsWith('node_modules/')) return '#7fb4e6'
  return file.startsWith('node:') ? '#a9cf7f' : '#d0d0d0'
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
