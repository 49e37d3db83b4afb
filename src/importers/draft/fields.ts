import { isObject } from '../../platform/json.ts'
import { cutTo } from '../../platform/text.ts'
import type { Notes } from './notes.ts'

/** Characters of the name of a field in a report. */
const LONGEST_FIELD_NAME = 64

/** Reasons, each with the fields that it drops. */
export type Dropped = Readonly<Record<string, readonly string[]>>

/**
 * The fields of one object of an export. Each is read by its name, with the field of the manifest that it becomes, and noted. A value of
 * another type than its reader expects is noted as dropped. `end` notes all fields that nobody has read.
 */
export class Fields {
  readonly #value: Readonly<Record<string, unknown>>
  readonly #path: string
  readonly #subject: string
  readonly #notes: Notes
  readonly #read = new Set<string>()

  /** @param path the path of the object, for reports @param subject the client or API that it belongs to */
  constructor(value: Readonly<Record<string, unknown>>, path: string, subject: string, notes: Notes) {
    this.#value = value
    this.#path = path
    this.#subject = subject
    this.#notes = notes
  }

  /** The value of a field; undefined if it is absent or null. */
  any(name: string): unknown {
    this.#read.add(name)
    const value = Object.hasOwn(this.#value, name) ? this.#value[name] : undefined
    return value ?? undefined
  }

  /** @param to the field of the manifest; undefined if the caller notes it */
  text(name: string, to?: string): string | undefined {
    const value = this.any(name)
    return value === ''
      ? undefined
      : this.#typed(name, value, typeof value === 'string' ? value : undefined, 'a text', to)
  }

  flag(name: string, to?: string): boolean | undefined {
    const value = this.any(name)
    return this.#typed(name, value, typeof value === 'boolean' ? value : undefined, 'true or false', to)
  }

  number(name: string, to?: string): number | undefined {
    const value = this.any(name)
    return this.#typed(name, value, typeof value === 'number' ? value : undefined, 'a number', to)
  }

  texts(name: string, to?: string): readonly string[] | undefined {
    const value = this.any(name)
    const texts = Array.isArray(value) ? value.filter((one) => typeof one === 'string') : undefined
    const areAll = Array.isArray(value) && texts?.length === value.length
    return this.#typed(name, value, areAll ? texts : undefined, 'a list of texts', to)
  }

  /** The objects of a list. */
  objects(name: string): readonly Fields[] {
    const value = this.any(name)
    const all: readonly unknown[] = Array.isArray(value) ? value : []
    if (value !== undefined && !all.every(isObject)) this.drop(name, 'is not a list of objects')
    return all.filter(isObject).map((one) => this.#inner(one, `${name}[]`))
  }

  /** The object in a field. */
  object(name: string): Fields | undefined {
    const value = this.any(name)
    if (value === undefined) return undefined
    if (isObject(value)) return this.#inner(value, name)
    this.drop(name, 'is not an object')
    return undefined
  }

  /** The same object, as a part of a client or an API that is known only now. */
  of(subject: string): Fields {
    return new Fields(this.#value, this.#path, subject, this.#notes)
  }

  mapped(name: string, to: string): void {
    this.#note('mapped', name, to)
  }

  differs(name: string, how: string): void {
    this.#note('differs', name, how)
  }

  drop(name: string, reason: string): void {
    this.#note('dropped', name, reason)
  }

  /** Drops each of the fields that has a value. An empty text, list or object says nothing. */
  dropAll(dropped: Dropped): void {
    for (const [reason, names] of Object.entries(dropped))
      for (const name of names) if (!isEmpty(this.any(name))) this.drop(name, reason)
  }

  /** Notes every field that was not read. */
  end(): void {
    for (const name of Object.keys(this.#value))
      if (!this.#read.has(name)) this.#note('unknown', cutTo(LONGEST_FIELD_NAME, name), '')
  }

  #inner(value: Readonly<Record<string, unknown>>, name: string): Fields {
    return new Fields(value, this.#pathOf(name), this.#subject, this.#notes)
  }

  #typed<Value>(name: string, value: unknown, typed: Value | undefined, type: string, to: string | undefined) {
    if (typed === undefined) {
      if (value !== undefined) this.drop(name, `is not ${type}`)
    } else if (to !== undefined) this.mapped(name, to)
    return typed
  }

  #note(outcome: 'mapped' | 'differs' | 'dropped' | 'unknown', name: string, text: string): void {
    this.#notes.add({ outcome, path: this.#pathOf(name), text, subject: this.#subject })
  }

  #pathOf(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`
  }
}

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === '' ||
  (typeof value === 'object' && value !== null && Object.keys(value).length === 0)
