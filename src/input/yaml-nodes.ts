import {
  type ErrorCode,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'

export type Path = readonly PropertyKey[]

/** The most levels of lists and mappings. People don't write deeper ones by hand. */
const DEEPEST = 64
/** The most values that aliases may add to the written ones. Without a limit, a few lines could add billions. */
const MOST_BY_ALIASES = 1_000_000

/** The tags of the core schema (YAML 1.2.2 §10.3.2). They only confirm the type of a value. */
const KNOWN_TAGS = ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((name) => `tag:yaml.org,2002:${name}`)

/** Messages for everything that the parser refuses. They repeat nothing of the text, which might be a secret. */
export const words: Readonly<Record<ErrorCode, string>> = {
  ALIAS_PROPS: 'an alias (*) can have neither an anchor (&) nor a tag (!)',
  BAD_ALIAS: 'an anchor (&) or alias (*) needs a name that does not end in a colon',
  BAD_COLLECTION_TYPE: 'a tag (!) does not fit the value that it stands before',
  BAD_DIRECTIVE: 'a line that begins with % is not supported',
  BAD_DQ_ESCAPE: 'the text in quotes has an unknown escape: write \\\\ for a backslash, or use single quotes',
  BAD_INDENT: 'the indentation is wrong, or a bracket is not closed',
  BAD_PROP_ORDER: 'an anchor (&) or a tag (!) is in the wrong place',
  BAD_SCALAR_START: 'a value may not begin with @, ` or %: put it in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a second "name: value" on one line: put the value in quotes, or begin a new line',
  BLOCK_IN_FLOW: 'within brackets, everything must be in brackets',
  DUPLICATE_KEY: 'the name occurs twice in one mapping',
  IMPOSSIBLE: 'the line is not valid YAML here',
  KEY_OVER_1024_CHARS: 'the name is longer than 1,024 characters',
  MISSING_CHAR: 'a quote, a colon, a comma or a bracket is missing',
  MULTILINE_IMPLICIT_KEY: 'a name must be on one line, with a colon after it',
  MULTIPLE_ANCHORS: 'a value can have one anchor (&) only',
  MULTIPLE_DOCS: 'there are several documents, with --- between them',
  MULTIPLE_TAGS: 'a value can have one tag (!) only',
  NON_STRING_KEY: 'a name must be text',
  RESOURCE_EXHAUSTION: `brackets or indentation are more than ${DEEPEST} deep`,
  TAB_AS_INDENT: 'a tab is used for indentation: use spaces',
  TAG_RESOLVE_FAILED:
    'a tag (!) is not supported: write the value itself, or put it in quotes if it is text that begins with !',
  UNEXPECTED_TOKEN: 'the line is not valid YAML here',
}

/** A mistake in a text, at its offset in characters. */
export interface Mistake {
  readonly offset: number
  readonly message: string
}

/** The value of a node. All aliases of an anchor share one value, but each of them counts towards the size. */
interface Read {
  readonly value: unknown
  /** The number of values in it, itself included, after the expansion of aliases. */
  readonly size: number
  readonly depth: number
}

/** The room that is left for values that aliases add. */
export class AliasRoom {
  #left = MOST_BY_ALIASES

  /** Takes room for this many values. @returns undefined once, and then false, if there is none */
  take(values: number): boolean | undefined {
    const before = this.#left
    this.#left -= values
    return this.#left >= 0 ? true : before < 0 ? false : undefined
  }
}

const NOTHING: Read = { value: null, size: 1, depth: 1 }

/** Turns nodes into values, and collects mistakes. */
export class NodeReader {
  readonly mistakes: Mistake[] = []
  /** The offsets of the parts of each list and mapping, by index or name. */
  readonly #places = new Map<unknown, ReadonlyMap<PropertyKey, number>>()
  /** The latest value of each anchor; undefined while it is being read. */
  readonly #anchors = new Map<string, Read | undefined>()
  readonly #text: string
  readonly #room: AliasRoom
  #depth = 0

  constructor(text: string, room: AliasRoom) {
    this.#text = text
    this.#room = room
  }

  /** Reads a document, which knows no anchors of others (YAML 1.2.2 §3.2.2.2). */
  readDocument(contents: unknown): Read {
    this.#anchors.clear()
    return this.read(contents)
  }

  read(node: unknown): Read {
    if (isAlias(node)) return this.#readAlias(node.source, offsetOf(node))
    if (!isScalar(node) && !isMap(node) && !isSeq(node)) return NOTHING
    this.#checkTag(node)
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, undefined)
    const read = this.#readDeeper(node)
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, read)
    return read
  }

  /** The offset of the part of a value at a path. @param start the offset of the value */
  offsetOf(value: unknown, path: Path, start: number): number {
    let offset = start
    let at = value
    for (const part of path) {
      const next = this.#places.get(at)?.get(part)
      if (next === undefined) return offset
      offset = next
      at = Object.getOwnPropertyDescriptor(at, part)?.value
    }
    return offset
  }

  #report(node: unknown, message: string): void {
    this.mistakes.push({ offset: offsetOf(node), message })
  }

  #readDeeper(node: Scalar | YAMLMap | YAMLSeq): Read {
    if (isScalar(node)) return { value: this.#readScalar(node), size: 1, depth: 1 }
    this.#depth += 1
    try {
      if (this.#depth <= DEEPEST) return isSeq(node) ? this.#readList(node) : this.#readMapping(node)
      if (this.#depth === DEEPEST + 1) this.#report(node, words.RESOURCE_EXHAUSTION)
      return NOTHING
    } finally {
      this.#depth -= 1
    }
  }

  #readAlias(name: string, offset: number): Read {
    const report = (message: string): Read => {
      this.mistakes.push({ offset, message })
      return NOTHING
    }
    const read = this.#anchors.get(name)
    if (read === undefined) {
      return report(
        this.#anchors.has(name)
          ? 'an alias (*) is inside the value that it refers to'
          : 'an alias (*) has no anchor (&) before it: put it in quotes if it is text that begins with *',
      )
    }
    const hasRoom = this.#room.take(read.size)
    if (hasRoom === undefined) return report('aliases (*) come to more than 1,000,000 values')
    if (!hasRoom) return NOTHING
    if (this.#depth + read.depth > DEEPEST) return report(words.RESOURCE_EXHAUSTION)
    return read
  }

  #readList({ items }: YAMLSeq): Read {
    const value: unknown[] = []
    const places = new Map<PropertyKey, number>()
    let [size, depth] = [1, 1]
    for (const [index, item] of items.entries()) {
      const read = this.read(item)
      value.push(read.value)
      places.set(index, offsetOf(item))
      size += read.size
      depth = Math.max(depth, read.depth + 1)
    }
    this.#places.set(value, places)
    return { value, size, depth }
  }

  #readMapping({ items }: YAMLMap): Read {
    const value = {}
    const places = new Map<PropertyKey, number>()
    let [size, depth] = [1, 1]
    const put = (name: string, part: unknown, offset: number) => {
      // A plain assignment to `__proto__` would set the prototype.
      Object.defineProperty(value, name, { value: part, enumerable: true, writable: true, configurable: true })
      places.set(name, offset)
    }
    const merged: Read[] = []
    for (const pair of items) {
      const read = this.read(pair.value)
      size += read.size
      depth = Math.max(depth, read.depth + 1)
      if (isMerge(pair)) for (const one of this.#toMerge(pair, read)) merged.push(one)
      else {
        const name = this.#nameOf(pair)
        if (name === undefined) continue
        if (places.has(name)) this.#report(pair.key, `${JSON.stringify(name)} occurs twice in this mapping`)
        put(name, read.value, offsetOf(pair.key))
      }
    }
    for (const { value: from } of merged) {
      for (const [name, offset] of this.#places.get(from) ?? []) {
        if (!places.has(name)) put(String(name), Object.getOwnPropertyDescriptor(from, name)?.value, offset)
      }
    }
    this.#places.set(value, places)
    return { value, size, depth }
  }

  /** The mappings that a merge key (https://yaml.org/type/merge.html) adds; the first ones win. */
  #toMerge({ key }: Pair, read: Read): readonly Read[] {
    const all = Array.isArray(read.value) ? read.value.map((value: unknown) => ({ ...read, value })) : [read]
    const isMapping = ({ value }: Read) => typeof value === 'object' && value !== null && !Array.isArray(value)
    if (all.every(isMapping)) return all
    this.#report(key, '<< must be followed by a mapping, by an alias (*) of one, or by a list of these')
    return []
  }

  #nameOf({ key }: Pair): string | undefined {
    if (isScalar(key)) {
      this.#checkTag(key)
      if (key.anchor !== undefined) this.#anchors.set(key.anchor, { ...NOTHING, value: key.value })
      if (typeof key.value === 'string') return key.value
      // Keep a number as it is written: 0x10 and 16 are two names.
      if (typeof key.value === 'number') return key.source
      if (key.value === null && (key.source ?? '') === '') this.#report(key, 'a name is missing before the colon')
      else this.#report(key, 'the names true, false and null must be in quotes')
      return undefined
    }
    this.#report(key, 'a name must be text: is this a template that was not filled in?')
    return undefined
  }

  #checkTag(node: Node): void {
    const { tag } = node
    if (tag === undefined || tag === '!') return
    const fits =
      (isMap(node) && tag === 'tag:yaml.org,2002:map') ||
      (isSeq(node) && tag === 'tag:yaml.org,2002:seq') ||
      (isScalar(node) && KNOWN_TAGS.includes(tag) && isOfTag(node.value, tag))
    if (fits) return
    const message = KNOWN_TAGS.includes(tag) ? words.BAD_COLLECTION_TYPE : words.TAG_RESOLVE_FAILED
    this.mistakes.push({ offset: this.#startOfTag(offsetOf(node)), message })
  }

  /** The offset of the tag before an offset. */
  #startOfTag(offset: number): number {
    const last = this.#text.lastIndexOf('!', offset - 1)
    return this.#text[last - 1] === '!' ? last - 1 : Math.max(0, last)
  }

  #readScalar(node: Scalar): unknown {
    const { value, source = '' } = node
    if (typeof value === 'string') {
      if (!value.isWellFormed()) this.#report(node, 'the text has half of a character')
      return value
    }
    if (typeof value !== 'number') return value
    if (!Number.isFinite(value)) this.#report(node, 'a number must be finite')
    // YAML 1.1 reads such a number as octal.
    else if (/^[-+]?0\d/.test(source))
      this.#report(node, 'a number begins with a zero: leave that out, or put it in quotes if it is text')
    else if (Number.isInteger(value) && !Number.isSafeInteger(value))
      this.#report(node, 'a number is too large: put it in quotes if it is text')
    return value
  }
}

const isMerge = ({ key }: Pair): boolean => isScalar(key) && key.type === Scalar.PLAIN && key.source === '<<'

function isOfTag(value: unknown, tag: string): boolean {
  switch (tag) {
    case 'tag:yaml.org,2002:str':
      return typeof value === 'string'
    case 'tag:yaml.org,2002:int':
      return Number.isInteger(value)
    case 'tag:yaml.org,2002:float':
      return typeof value === 'number'
    case 'tag:yaml.org,2002:bool':
      return typeof value === 'boolean'
    default:
      return tag === 'tag:yaml.org,2002:null' && value === null
  }
}

/** The offset of a node, after its tag and anchor. */
const offsetOf = (node: unknown): number =>
  typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range) ? Number(node.range[0]) : 0
