/** Does what is to be done around a call. @param call makes it @param name of the method */
export type Around = (call: () => unknown, name: string) => unknown

/** The same object, with something done around each call of its methods; nothing is done around getters. */
export function withCalls<Target extends object>(target: Target, around: Around): Target {
  const wrapped = new Map<PropertyKey, unknown>()
  return new Proxy(target, {
    get: (object, key) => {
      const known = wrapped.get(key)
      if (known !== undefined) return known
      // On the object itself: the proxy has no private fields.
      const value: unknown = Reflect.get(object, key, object)
      if (typeof value !== 'function') return value
      const method = (...args: unknown[]): unknown =>
        around((): unknown => Reflect.apply(value, object, args), String(key))
      wrapped.set(key, method)
      return method
    },
  })
}

/** The same parts by the same names, those that are objects wrapped; what is a function stays as it is. */
export function withParts<Whole extends object>(whole: Whole, wrap: (part: object, name: string) => object): Whole {
  const wrapped = new Map<PropertyKey, object>()
  for (const [name, part] of Object.entries(whole)) {
    if (typeof part === 'object' && part !== null) wrapped.set(name, wrap(part, name))
  }
  return new Proxy(whole, { get: (target, name) => wrapped.get(name) ?? Reflect.get(target, name) })
}
