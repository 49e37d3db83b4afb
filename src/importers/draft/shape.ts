import { isObject } from '../../platform/json.ts'
import { UserError } from '../../platform/user-error.ts'
import { shown } from './draft.ts'

type Item = Readonly<Record<string, unknown>>

/**
 * The objects of an export that is a list, or has it in one of these fields, or is one of them itself.
 * @param isOne whether an object is itself one
 * @throws UserError that says what is expected
 */
export function itemsOf(
  parsed: unknown,
  fields: readonly string[],
  isOne: (item: Item) => boolean,
  expected: string,
): readonly Item[] {
  const list = isObject(parsed) ? fields.map((name) => parsed[name]).find(Array.isArray) : parsed
  if (Array.isArray(list)) {
    const wrong = list.findIndex((item) => !isObject(item))
    if (wrong !== -1) throw new UserError(`entry ${wrong + 1} of the list is not an object: ${expected}`)
    return list.filter(isObject)
  }
  if (isObject(parsed) && isOne(parsed)) return [parsed]
  throw new UserError(`this is no such export: ${expected}`)
}

/** The id of a client, if it has one. Otherwise a name for it in reports. */
export function idOf(
  item: Item,
  field: string,
  index: number,
): { readonly id: string | undefined; readonly name: string } {
  const id = item[field]
  return typeof id === 'string' && id !== '' ? { id, name: id } : { id: undefined, name: shown(`entry ${index + 1}`) }
}

/** The object that a text has as JSON; undefined for any other text. */
export function objectIn(text: string): Item | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
