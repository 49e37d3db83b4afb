/** Runs code around a method call. @param call makes the call @param name the name of the method */
export type Around = (call: () => unknown, name: string) => unknown

/** Wraps an object so that `around` runs around each call of its methods. Getters are not wrapped. */
export function withCalls<Target extends object>(target: Target, around: Around): Target {
  const wrapped = new Map<PropertyKey, unknown>()
  return new Proxy(target, {
    get: (object, key) => {
      const known = wrapped.get(key)
      if (known !== undefined) return known
      // The receiver must be the object itself, since the proxy has no private fields.
      const value: unknown = Reflect.get(object, key, object)
      if (typeof value !== 'function') return value
      const method = (...args: unknown[]): unknown =>
        around((): unknown => Reflect.apply(value, object, args), String(key))
      wrapped.set(key, method)
      return method
    },
  })
}

/** Wraps each part that is an object, under the same name. Functions stay as they are. */
export function withParts<Whole extends object>(whole: Whole, wrap: (part: object, name: string) => object): Whole {
  const wrapped = new Map<PropertyKey, object>()
  for (const [name, part] of Object.entries(whole)) {
    if (typeof part === 'object' && part !== null) wrapped.set(name, wrap(part, name))
  }
  return new Proxy(whole, { get: (target, name) => wrapped.get(name) ?? Reflect.get(target, name) })
}
